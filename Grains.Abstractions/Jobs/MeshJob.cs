namespace InferMesh.Grains.Abstractions.Jobs;

/// <summary>Where a job is in its life.</summary>
[GenerateSerializer, Alias("infermesh.JobState")]
public enum JobState : byte
{
    /// <summary>Waits for its turn and for room.</summary>
    Queued = 0,

    /// <summary>Has a place, which is being confirmed with the ledgers.</summary>
    Admitted,

    /// <summary>Its ranks are being started.</summary>
    Placing,

    /// <summary>All ranks run.</summary>
    Running,

    /// <summary>Some ranks are gone; a place for them is looked for, or it is made smaller.</summary>
    Degraded,

    /// <summary>Moves to another place or size.</summary>
    Rescaling,

    /// <summary>Writes a checkpoint that it was asked for.</summary>
    Checkpointing,

    /// <summary>Stopped by its owner until it is resumed.</summary>
    Paused,

    /// <summary>Gave its place to another; waits like one that is queued.</summary>
    Preempted,

    /// <summary>Ended well.</summary>
    Completed,

    /// <summary>Ended badly.</summary>
    Failed,

    /// <summary>Ended by its owner.</summary>
    Cancelled,
}

/// <summary>What states mean.</summary>
public static class JobStates
{
    /// <summary>Nothing follows.</summary>
    public static bool IsTerminal(this JobState state) => state is JobState.Completed or JobState.Failed or JobState.Cancelled;

    /// <summary>It waits for a place.</summary>
    public static bool IsWaiting(this JobState state) => state is JobState.Queued or JobState.Preempted;

    /// <summary>It holds GPUs.</summary>
    public static bool IsPlaced(this JobState state) => !state.IsTerminal() && !state.IsWaiting() && state != JobState.Paused;
}

/// <summary>Workers of a job on one node.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobWorkers")]
public sealed record JobWorkers
{
    /// <summary>Node.</summary>
    [Id(0)] public required string Node { get; init; }

    /// <summary>Its cell, whose ledger keeps the GPUs.</summary>
    [Id(1)] public required string Cell { get; init; }

    /// <summary>Workers, 1 or more.</summary>
    [Id(2)] public int Workers { get; init; }

    /// <summary>UUIDs of their GPUs or MIG slices, in the order of ranks.</summary>
    [Id(3)] public IReadOnlyList<string> Gpus { get; init; } = [];

    /// <summary>Lent by serving, which may want them back.</summary>
    [Id(4)] public bool Lent { get; init; }

    /// <summary>Name or address at which its agent said that it is reached; "" takes the node's id.</summary>
    [Id(5)] public string Host { get; init; } = "";
}

/// <summary>Where a job runs: one place at a time, told apart by its fence.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobPlacement")]
public sealed record JobPlacement
{
    /// <summary>Grows by one with each placement of the job: what carries an older one is from a place that it has left.</summary>
    [Id(0)] public long Fence { get; init; }

    /// <summary>Claim under which the ledgers keep its GPUs.</summary>
    [Id(1)] public required string Claim { get; init; }

    /// <summary>Workers by node, in the order of ranks.</summary>
    [Id(2)] public IReadOnlyList<JobWorkers> Groups { get; init; } = [];

    /// <summary>Strategy that chose it.</summary>
    [Id(3)] public string Strategy { get; init; } = "";

    /// <summary>Edges of the ring through all workers whose ends lie in different domains, by level.</summary>
    [Id(4)] public IReadOnlyDictionary<JobDomain, int> CrossEdges { get; init; } = new Dictionary<JobDomain, int>();

    /// <summary>Sum over those edges of the time per byte, nanoseconds.</summary>
    [Id(5)] public double RingNsPerByte { get; init; }

    /// <summary>How its ranks best talk to each other; null when nothing is known of its steps.</summary>
    [Id(6)] public JobHint? Hint { get; init; }

    /// <summary>Why this place: one line.</summary>
    [Id(7)] public string Why { get; init; } = "";

    /// <summary>Workers in all.</summary>
    public int Workers => Groups.Sum(static g => g.Workers);
}

/// <summary>How the ranks of a placed job best exchange their gradients.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobHint")]
public sealed record JobHint
{
    /// <summary>Grows when a link changed and the hint with it.</summary>
    [Id(0)] public int Revision { get; init; }

    /// <summary>Variables for NCCL.</summary>
    [Id(1)] public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The fastest algorithm by size: from how many bytes on, and which.</summary>
    [Id(3)] public IReadOnlyList<JobCollective> Collectives { get; init; } = [];

    /// <summary>Up to which size gradients are better fused, bytes; null when no size is large enough.</summary>
    [Id(4)] public long? FusionBytes { get; init; }

    /// <summary>Compression of gradients is worth its price.</summary>
    [Id(5)] public bool Compress { get; init; }

    /// <summary>Predicted seconds of computing in a step.</summary>
    [Id(6)] public double ComputeSeconds { get; init; }

    /// <summary>Predicted seconds of the all-reduce in a step.</summary>
    [Id(7)] public double ExchangeSeconds { get; init; }
}

/// <summary>The fastest algorithm from a size on.</summary>
/// <param name="FromBytes">Bytes.</param>
/// <param name="Algorithm"><c>ring</c>, <c>tree</c> or <c>hierarchical</c>.</param>
[GenerateSerializer, Immutable, Alias("infermesh.JobCollective")]
public sealed record JobCollective([property: Id(0)] double FromBytes, [property: Id(1)] string Algorithm);

/// <summary>How far a job is, as its ranks tell.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobProgress")]
public sealed record JobProgress
{
    /// <summary>Last step that was told; 0 before the first.</summary>
    [Id(0)] public long Step { get; init; }

    /// <summary>Seconds of a step, moving mean; null when unknown.</summary>
    [Id(1)] public double? StepSeconds { get; init; }

    /// <summary>Step of the last checkpoint; null when there is none.</summary>
    [Id(2)] public long? CheckpointStep { get; init; }

    /// <summary>Reference of the last checkpoint; "" when there is none.</summary>
    [Id(3)] public string CheckpointRef { get; init; } = "";

    /// <summary>When the last checkpoint was told.</summary>
    [Id(4)] public DateTimeOffset? CheckpointAt { get; init; }

    /// <summary>Restarts after its own failures.</summary>
    [Id(5)] public int Restarts { get; init; }

    /// <summary>GPU seconds that it has held.</summary>
    [Id(6)] public double GpuSeconds { get; init; }
}

/// <summary>A job as it is now.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.MeshJob")]
public sealed record MeshJob
{
    /// <summary>Id.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>Grows by one with each event; the ETag.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>What was submitted. In lists without command and environment.</summary>
    [Id(2)] public required JobSpec Spec { get; init; }

    /// <summary>State.</summary>
    [Id(3)] public JobState State { get; init; }

    /// <summary>Why it is in this state.</summary>
    [Id(4)] public string Reason { get; init; } = "";

    /// <summary>When it came into this state.</summary>
    [Id(5)] public DateTimeOffset Since { get; init; }

    /// <summary>When it was submitted.</summary>
    [Id(6)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>Who submitted it.</summary>
    [Id(7)] public string SubmittedBy { get; init; } = "";

    /// <summary>When all ranks ran first; null before.</summary>
    [Id(8)] public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null before.</summary>
    [Id(9)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Workers that it should have now: what was submitted, or what it was scaled to.</summary>
    [Id(10)] public int DesiredWorkers { get; init; }

    /// <summary>Where it runs; null when nowhere.</summary>
    [Id(11)] public JobPlacement? Placement { get; init; }

    /// <summary>Fence of its last placement; 0 before the first.</summary>
    [Id(12)] public long Fence { get; init; }

    /// <summary>How far it is.</summary>
    [Id(13)] public JobProgress Progress { get; init; } = new();

    /// <summary>Nodes on which it failed lately, and until when they are left alone.</summary>
    [Id(14)] public IReadOnlyDictionary<string, DateTimeOffset> Avoid { get; init; } = new Dictionary<string, DateTimeOffset>();

    /// <summary>Nodes of its placement that are lost.</summary>
    [Id(15)] public IReadOnlyList<string> LostNodes { get; init; } = [];

    /// <summary>Set while it is being stopped; then nothing else may be done with its place.</summary>
    [Id(16)] public JobStop? Stop { get; init; }

    /// <summary>Nodes of its placement whose ranks have all ended well.</summary>
    [Id(17)] public IReadOnlyList<string> FinishedNodes { get; init; } = [];

    /// <summary>Checkpoints that it was asked for.</summary>
    [Id(18)] public int CheckpointRequests { get; init; }

    /// <summary>It was scaled by its owner: it should have as many workers as it was scaled to, no fewer and no more.</summary>
    [Id(19)] public bool Scaled { get; init; }
}

/// <summary>What becomes of a job when it has stopped.</summary>
[GenerateSerializer, Alias("infermesh.JobGoal")]
public enum JobGoal : byte
{
    /// <summary>Goes to its next place.</summary>
    Place = 0,

    /// <summary>Waits for a place again.</summary>
    Queue,

    /// <summary>Waits, and it was others who wanted its place.</summary>
    Preempt,

    /// <summary>Is paused.</summary>
    Pause,

    /// <summary>Ends as cancelled.</summary>
    Cancel,

    /// <summary>Ends as failed.</summary>
    Fail,

    /// <summary>Ends as completed.</summary>
    Complete,
}

/// <summary>A stop under way.</summary>
/// <param name="Goal">What follows.</param>
/// <param name="Next">The place that it goes to; null for the other goals.</param>
/// <param name="By">When its ranks are killed if they have not ended.</param>
/// <param name="Checkpoint">It is asked for a checkpoint first.</param>
/// <param name="Reason">Why.</param>
[GenerateSerializer, Immutable, Alias("infermesh.JobStop")]
public sealed record JobStop(
    [property: Id(0)] JobGoal Goal, [property: Id(1)] JobPlacement? Next, [property: Id(2)] DateTimeOffset By, [property: Id(3)] bool Checkpoint, [property: Id(4)] string Reason);

/// <summary>One entry of a job's log: what happened to it, in order. The job is what its events make of it.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobEvent")]
public sealed record JobEvent
{
    /// <summary>Number within the job, from 1.</summary>
    [Id(0)] public long Sequence { get; init; }

    /// <summary>When.</summary>
    [Id(1)] public DateTimeOffset At { get; init; }

    /// <summary>State afterwards.</summary>
    [Id(2)] public JobState State { get; init; }

    /// <summary>What happened, such as <c>submitted</c>, <c>placed</c>, <c>rank_failed</c>.</summary>
    [Id(3)] public required string Kind { get; init; }

    /// <summary>Why.</summary>
    [Id(4)] public string Reason { get; init; } = "";

    /// <summary>Who; "" for the mesh itself.</summary>
    [Id(5)] public string Actor { get; init; } = "";

    /// <summary>Fence of the placement that it is about; 0 for none.</summary>
    [Id(6)] public long Fence { get; init; }

    /// <summary>Details.</summary>
    [Id(7)] public IReadOnlyDictionary<string, string> Data { get; init; } = new Dictionary<string, string>();
}
