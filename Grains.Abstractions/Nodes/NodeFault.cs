namespace InferMesh.Grains.Abstractions.Nodes;

/// <summary>What is wrong with a node.</summary>
[GenerateSerializer, Alias("infermesh.FaultKind")]
public enum FaultKind : byte
{
    /// <summary>An operator said so.</summary>
    Operator = 0,

    /// <summary>A GPU fell off the bus, or is no longer reported.</summary>
    GpuLost,

    /// <summary>The driver reported an XID error after which a GPU must not be trusted.</summary>
    Xid,

    /// <summary>An uncorrectable memory error: what was computed may be wrong.</summary>
    EccUncorrected,

    /// <summary>A bad row of GPU memory could not be taken out of use.</summary>
    MemoryRepairFailed,

    /// <summary>Heat has held the clocks of a GPU down for long.</summary>
    ThermalThrottle,

    /// <summary>A GPU has fewer NVLink links than it had.</summary>
    NvLinkDown,

    /// <summary>NVLink links repeat packets or recover at a rate that costs bandwidth.</summary>
    NvLinkErrors,

    /// <summary>A runtime has requests in its batch and generates nothing.</summary>
    EngineStalled,

    /// <summary>A runtime answers its probes and no longer says what it does.</summary>
    SilentSignals,

    /// <summary>Its answers take far longer than those of others that serve the same model and have no queue either.</summary>
    LatencyOutlier,

    /// <summary>Most requests that routers sent to it failed.</summary>
    ErrorRate,
}

/// <summary>A fault, with what shows it.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Subject">UUID of the GPU, endpoint of the runtime, or "" for the node.</param>
/// <param name="Evidence">What was read, in a sentence.</param>
/// <param name="At">When it was read.</param>
[GenerateSerializer, Immutable, Alias("infermesh.NodeFault")]
public sealed record NodeFault([property: Id(0)] FaultKind Kind, [property: Id(1)] string Subject, [property: Id(2)] string Evidence, [property: Id(3)] DateTimeOffset At);

/// <summary>A quarantine, or the trial after it.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.NodeQuarantine")]
public sealed record NodeQuarantine
{
    /// <summary>Why: what was found last.</summary>
    [Id(0)] public required NodeFault Fault { get; init; }

    /// <summary>When it began.</summary>
    [Id(1)] public DateTimeOffset Since { get; init; }

    /// <summary>When this phase ends, unless something more is found; <see cref="DateTimeOffset.MaxValue"/> until an operator ends it.</summary>
    [Id(2)] public DateTimeOffset Until { get; init; }

    /// <summary>How many in a row: each one lasts twice as long as the one before.</summary>
    [Id(3)] public int Times { get; init; } = 1;

    /// <summary>The node is back on trial.</summary>
    [Id(4)] public bool Probing { get; init; }
}
