using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Jobs;

/// <summary>Decides which job goes where and when, for all together. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IJobSchedulerGrain")]
public interface IJobSchedulerGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "mesh";

    /// <summary>Takes note of an agent that starts ranks; nodes tell it now and then.</summary>
    [AlwaysInterleave, Alias("Announce")] Task Announce(LauncherStatus launcher);

    /// <summary>Plans soon: something changed.</summary>
    [AlwaysInterleave, Alias("Wake")] Task Wake();

    /// <summary>What would become of a job if it were submitted now; nothing is done.</summary>
    [AlwaysInterleave, Alias("DryRun")] Task<JobPreview> DryRun(JobSpec spec);

    /// <summary>Why a job waits, or why it is where it is; null when the scheduler does not know it.</summary>
    [AlwaysInterleave, Alias("Explain")] Task<JobExplanation?> Explain(string job);

    /// <summary>What there is and who has it.</summary>
    [AlwaysInterleave, Alias("Capacity")] Task<CapacityView> Capacity();
}

/// <summary>What would become of a job.</summary>
/// <param name="Verdict"><c>placed</c>, <c>waits</c> or <c>never</c>.</param>
/// <param name="Reason">Why.</param>
/// <param name="Placement">Where it would go; null unless it would be placed now.</param>
/// <param name="Preempts">Jobs that would make room for it.</param>
[GenerateSerializer, Immutable, Alias("infermesh.JobPreview")]
public sealed record JobPreview([property: Id(0)] string Verdict, [property: Id(1)] string Reason, [property: Id(2)] JobPlacement? Placement, [property: Id(3)] IReadOnlyList<string> Preempts);

/// <summary>Why a job waits, or why it is where it is.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobExplanation")]
public sealed record JobExplanation
{
    /// <summary>Job.</summary>
    [Id(0)] public required string Job { get; init; }

    /// <summary>State.</summary>
    [Id(1)] public JobState State { get; init; }

    /// <summary>Why, in one line.</summary>
    [Id(2)] public string Reason { get; init; } = "";

    /// <summary>Jobs that go before it; null when it does not wait.</summary>
    [Id(3)] public int? Position { get; init; }

    /// <summary>When it should have room at the latest, as far as running jobs say how long they take; null when unknown.</summary>
    [Id(4)] public DateTimeOffset? ExpectedStart { get; init; }

    /// <summary>GPUs that it needs, that suit it, and those of them that are free.</summary>
    [Id(5)] public int GpusNeeded { get; init; }

    /// <summary>GPUs that suit it.</summary>
    [Id(6)] public int GpusSuitable { get; init; }

    /// <summary>GPUs that suit it and are free.</summary>
    [Id(7)] public int GpusFree { get; init; }

    /// <summary>What other strategies would do with it, by name: nanoseconds per byte of the ring; negative where they find no place.</summary>
    [Id(8)] public IReadOnlyDictionary<string, double> Alternatives { get; init; } = new Dictionary<string, double>();

    /// <summary>Share of its tenant: time-decayed use of the dominant resource over its weight.</summary>
    [Id(9)] public double TenantUsage { get; init; }
}

/// <summary>What there is and who has it.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.CapacityView")]
public sealed record CapacityView
{
    /// <summary>Nodes that training may use, by id.</summary>
    [Id(0)] public IReadOnlyList<NodeCapacity> Nodes { get; init; } = [];

    /// <summary>Tenants that use or want something, by name.</summary>
    [Id(1)] public IReadOnlyList<TenantCapacity> Tenants { get; init; } = [];

    /// <summary>When this was planned.</summary>
    [Id(2)] public DateTimeOffset PlannedAt { get; init; }

    /// <summary>What the last plan took, milliseconds.</summary>
    [Id(3)] public double PlanMs { get; init; }

    /// <summary>Jobs that wait.</summary>
    [Id(4)] public int Waiting { get; init; }

    /// <summary>Job that room is kept for; "" for none.</summary>
    [Id(5)] public string ReservedFor { get; init; } = "";
}

/// <summary>One node's GPUs.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.NodeCapacity")]
public sealed record NodeCapacity
{
    /// <summary>Node.</summary>
    [Id(0)] public required string Node { get; init; }

    /// <summary>Cell.</summary>
    [Id(1)] public string Cell { get; init; } = "";

    /// <summary>GPU type.</summary>
    [Id(2)] public string GpuType { get; init; } = "";

    /// <summary>GPUs and MIG slices in all.</summary>
    [Id(3)] public int Gpus { get; init; }

    /// <summary>Those that training jobs have.</summary>
    [Id(4)] public int Training { get; init; }

    /// <summary>Those that serving has.</summary>
    [Id(5)] public int Serving { get; init; }

    /// <summary>Those that serving lends to training.</summary>
    [Id(6)] public int Lent { get; init; }

    /// <summary>Those that are free.</summary>
    [Id(7)] public int Free { get; init; }

    /// <summary>Jobs that have some of them.</summary>
    [Id(8)] public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <summary>Why it takes no new work; "" when it does.</summary>
    [Id(9)] public string Closed { get; init; } = "";

    /// <summary>What its ports carry to other nodes together, bytes per second each way; null when unknown.</summary>
    [Id(10)] public double? LinkBytesPerSecond { get; init; }

    /// <summary>What training jobs are expected to send there, bytes per second.</summary>
    [Id(11)] public double LinkClaimedBytesPerSecond { get; init; }
}

/// <summary>What a tenant has of the GPUs.</summary>
/// <param name="Tenant">Name.</param>
/// <param name="Gpus">GPUs that its jobs have.</param>
/// <param name="MaxGpus">GPUs that they may have at once; null for no limit.</param>
/// <param name="Weight">Weight of its share.</param>
/// <param name="Usage">Time-decayed use of the dominant resource, hours of the whole mesh.</param>
/// <param name="Waiting">Jobs that wait.</param>
[GenerateSerializer, Immutable, Alias("infermesh.TenantCapacity")]
public sealed record TenantCapacity(
    [property: Id(0)] string Tenant, [property: Id(1)] int Gpus, [property: Id(2)] int? MaxGpus, [property: Id(3)] double Weight, [property: Id(4)] double Usage, [property: Id(5)] int Waiting);
