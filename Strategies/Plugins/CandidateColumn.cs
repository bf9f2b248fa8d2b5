namespace InferMesh.Strategies.Plugins;

/// <summary>A column of what a decision knows of its candidates: one number of 8 bytes for each target. Numbers of columns never change; new ones are added at the end.</summary>
public enum CandidateColumn
{
    /// <summary>Name of the target as a 64-bit number, the same on every router: bits, not a quantity.</summary>
    Key = 0,

    /// <summary>Requests in the running batch when the reading was taken; not a number when unknown.</summary>
    Running,

    /// <summary>Requests waiting in the runtime when the reading was taken; not a number when unknown.</summary>
    Waiting,

    /// <summary>Share of the KV cache in use, 0..1; not a number when unknown.</summary>
    KvCacheUsage,

    /// <summary>Requests on the target now, 0 or more: the reading and what this router has sent since.</summary>
    Load,

    /// <summary>Requests of this router in flight there.</summary>
    LocalRequests,

    /// <summary>Sequences that run together now, 1 or more.</summary>
    BatchSize,

    /// <summary>Sequences that the runtime allows, 1 or more.</summary>
    MaxBatchSize,

    /// <summary>Age of the reading in seconds; infinite when there is none.</summary>
    AgeSeconds,

    /// <summary>Seconds until the target is done with the prompts that this router has sent it.</summary>
    PrefillBacklogSeconds,

    /// <summary>Seconds of prefill per prompt token.</summary>
    PrefillSecondsPerToken,

    /// <summary>Seconds per output token and sequence when the GPU generates at its full rate.</summary>
    ShareSecondsPerToken,

    /// <summary>Seconds per output token of a sequence that runs alone.</summary>
    SoloSecondsPerToken,

    /// <summary>Seconds that each further sequence adds to the time per output token.</summary>
    SlopeSecondsPerToken,

    /// <summary>Seconds until the model answers: 0 when it is resident, infinite when nobody knows.</summary>
    ColdStartSeconds,

    /// <summary>Price in US dollars per second.</summary>
    DollarsPerSecond,

    /// <summary>Round trip to the target in seconds: measured, from coordinates, or that of the class of the link.</summary>
    RttSeconds,

    /// <summary>Bytes per second to the target.</summary>
    BytesPerSecond,

    /// <summary>US dollars for each byte to the target.</summary>
    DollarsPerByte,

    /// <summary>Class of the link, <see cref="Topology.LinkClass"/>.</summary>
    LinkClass,

    /// <summary>Learned factor on queue and prefill (<see cref="Learning.Correction"/>).</summary>
    FirstTokenFactor,

    /// <summary>Learned factor on decode.</summary>
    DecodeFactor,

    /// <summary>Learned spread of the time to the first token.</summary>
    Spread,

    /// <summary>Share of attempts that failed lately, 0..1.</summary>
    FailureShare,

    /// <summary>Place of the target in the circle that ties are broken by, 0 or more.</summary>
    Place,
}

/// <summary>How long a column holds.</summary>
public enum ColumnLife
{
    /// <summary>As long as the set of targets is the same.</summary>
    Set = 0,

    /// <summary>As long as the set and the origin of the request are.</summary>
    Origin,

    /// <summary>As <see cref="Set"/>, unless the set is tracked (<see cref="Routing.TargetSet.Track"/>): then for one decision.</summary>
    Reading,

    /// <summary>One decision.</summary>
    Decision,
}
