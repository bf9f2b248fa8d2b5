using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Jobs;

/// <summary>What the agent of a node has to do for training jobs. Held in memory: a new one asks the ledger of its cell which jobs have GPUs here, and those what is to be done. Key: node id.</summary>
[Alias("infermesh.INodeJobsGrain")]
public interface INodeJobsGrain : IGrainWithStringKey
{
    /// <summary>Called by the agent: says what it can start and what runs, and returns all that it has to do as soon as that differs from what it has, or null after <paramref name="wait"/>. Also renews the node's lease.</summary>
    /// <param name="version">Version of the assignments that the agent has; 0 when it has none.</param>
    /// <param name="launcher">What it can start.</param>
    /// <param name="wait">How long to wait at most; below the response timeout.</param>
    [AlwaysInterleave, Alias("Watch")] Task<NodeJobs?> Watch(long version, JobLauncher launcher, TimeSpan wait);

    /// <summary>Takes what is to be done for one job, in place of what was; one with an older fence is dropped.</summary>
    [AlwaysInterleave, Alias("Assign")] Task Assign(JobAssignment assignment);

    /// <summary>There is nothing to be done for a job any more.</summary>
    [AlwaysInterleave, Alias("Withdraw")] Task Withdraw(string job, long fence);

    /// <summary>The agent as it was heard of last; null when it was not.</summary>
    [AlwaysInterleave, Alias("Launcher")] Task<LauncherStatus?> Launcher();
}

/// <summary>What an agent can start.</summary>
/// <param name="Cell">Cell of the node.</param>
/// <param name="Host">Name or address at which ranks on other nodes reach this one.</param>
/// <param name="Running">Jobs whose ranks it has, each with its fence.</param>
[GenerateSerializer, Immutable, Alias("infermesh.JobLauncher")]
public sealed record JobLauncher([property: Id(0)] string Cell, [property: Id(1)] string Host, [property: Id(2)] IReadOnlyList<RunningJob> Running);

/// <summary>A job that an agent has ranks of.</summary>
/// <param name="Job">Job.</param>
/// <param name="Fence">Fence of the placement that they belong to.</param>
[GenerateSerializer, Immutable, Alias("infermesh.RunningJob")]
public sealed record RunningJob([property: Id(0)] string Job, [property: Id(1)] long Fence);

/// <summary>An agent as it was heard of last.</summary>
/// <param name="Node">Node.</param>
/// <param name="Launcher">What it said.</param>
/// <param name="SeenAt">When.</param>
[GenerateSerializer, Immutable, Alias("infermesh.LauncherStatus")]
public sealed record LauncherStatus([property: Id(0)] string Node, [property: Id(1)] JobLauncher Launcher, [property: Id(2)] DateTimeOffset SeenAt);

/// <summary>All that an agent has to do for jobs now.</summary>
/// <param name="Version">Changes with each change, also over the lives of the grain.</param>
/// <param name="Assignments">One per job. Ranks of a job that is not among them are to be killed.</param>
/// <param name="Lease">How long ranks may run on without the agent hearing from the mesh.</param>
[GenerateSerializer, Immutable, Alias("infermesh.NodeJobs")]
public sealed record NodeJobs([property: Id(0)] long Version, [property: Id(1)] IReadOnlyList<JobAssignment> Assignments, [property: Id(2)] TimeSpan Lease);

/// <summary>What an agent does for a job.</summary>
[GenerateSerializer, Alias("infermesh.JobOrder")]
public enum JobOrder : byte
{
    /// <summary>Its ranks run.</summary>
    Run = 0,

    /// <summary>Its ranks end, after a checkpoint if they are asked for one, and are killed when the grace is over.</summary>
    Stop,
}

/// <summary>What an agent has to do for one job.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobAssignment")]
public sealed record JobAssignment
{
    /// <summary>Job.</summary>
    [Id(0)] public required string Job { get; init; }

    /// <summary>Fence of the placement: ranks of an older one are killed first.</summary>
    [Id(1)] public long Fence { get; init; }

    /// <summary>Node.</summary>
    [Id(2)] public required string Node { get; init; }

    /// <summary>Whether ranks run or end.</summary>
    [Id(3)] public JobOrder Order { get; init; }

    /// <summary>Grows when a checkpoint is asked for.</summary>
    [Id(4)] public int CheckpointRequest { get; init; }

    /// <summary>With <see cref="JobOrder.Stop"/>: a checkpoint is asked for first.</summary>
    [Id(5)] public bool CheckpointFirst { get; init; }

    /// <summary>With <see cref="JobOrder.Stop"/>: how long ranks get to end.</summary>
    [Id(6)] public TimeSpan Grace { get; init; }

    /// <summary>Ranks of this node.</summary>
    [Id(7)] public IReadOnlyList<JobRank> Ranks { get; init; } = [];

    /// <summary>Ranks in all.</summary>
    [Id(8)] public int WorldSize { get; init; }

    /// <summary>All nodes in the order of ranks.</summary>
    [Id(9)] public IReadOnlyList<JobPeer> Peers { get; init; } = [];

    /// <summary>Where rank 0 listens.</summary>
    [Id(10)] public string MasterAddress { get; init; } = "";

    /// <summary>Port at which rank 0 listens.</summary>
    [Id(11)] public int MasterPort { get; init; }

    /// <summary>Image; "" for none.</summary>
    [Id(12)] public string Image { get; init; } = "";

    /// <summary>Command of each rank.</summary>
    [Id(13)] public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Environment of each rank: the job's own and NCCL's.</summary>
    [Id(14)] public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where it keeps checkpoints; "" for none.</summary>
    [Id(16)] public string CheckpointTo { get; init; } = "";

    /// <summary>Checkpoint to go on from; "" to begin anew.</summary>
    [Id(17)] public string ResumeFrom { get; init; } = "";

    /// <summary>Step to go on after; 0 to begin anew.</summary>
    [Id(18)] public long ResumeStep { get; init; }

    /// <summary>Reference of its dataset; "" for none.</summary>
    [Id(19)] public string Dataset { get; init; } = "";

    /// <summary>Revision of the hint in the environment.</summary>
    [Id(20)] public int HintRevision { get; init; }
}

/// <summary>One rank.</summary>
/// <param name="Rank">Number among all.</param>
/// <param name="LocalRank">Number among those of the node.</param>
/// <param name="Gpu">UUID of its GPU or MIG slice.</param>
[GenerateSerializer, Immutable, Alias("infermesh.JobRank")]
public sealed record JobRank([property: Id(0)] int Rank, [property: Id(1)] int LocalRank, [property: Id(2)] string Gpu);

/// <summary>One node of a job.</summary>
/// <param name="Node">Node.</param>
/// <param name="Host">Where it is reached.</param>
/// <param name="FirstRank">Its first rank.</param>
/// <param name="Ranks">Its ranks.</param>
[GenerateSerializer, Immutable, Alias("infermesh.JobPeer")]
public sealed record JobPeer([property: Id(0)] string Node, [property: Id(1)] string Host, [property: Id(2)] int FirstRank, [property: Id(3)] int Ranks);
