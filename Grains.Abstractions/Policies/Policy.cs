using InferMesh.Grains.Abstractions.Versions;

namespace InferMesh.Grains.Abstractions.Policies;

/// <summary>What a policy is about.</summary>
[GenerateSerializer, Alias("infermesh.PolicyKind")]
public enum PolicyKind : byte
{
    /// <summary>Where the matched requests may run: pins, cells, zones, regions, labels.</summary>
    Placement = 0,

    /// <summary>Strategy and its parameters.</summary>
    Routing,

    /// <summary>Second attempts.</summary>
    Hedging,

    /// <summary>Latency goals and admission limits.</summary>
    Slo,

    /// <summary>Requests in flight.</summary>
    Quota,

    /// <summary>Who may use a model.</summary>
    Security,
}

/// <summary>A policy as it is written: kind, requests that it is for, and exactly the one part that its kind names.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.PolicySpec")]
public sealed record PolicySpec
{
    /// <summary>Kind; the part of the same name must be given, no other.</summary>
    [Id(0)] public PolicyKind Kind { get; init; }

    /// <summary>Higher wins where two policies set the same thing; 0 by default, -1000 to 1000.</summary>
    [Id(1)] public int Priority { get; init; }

    /// <summary>Models it is for; empty means all, a trailing <c>*</c> matches any ending.</summary>
    [Id(2)] public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Tenants it is for; empty means all.</summary>
    [Id(3)] public IReadOnlyList<string> Tenants { get; init; } = [];

    /// <summary>SLO classes it is for; empty means all.</summary>
    [Id(4)] public IReadOnlyList<string> SloClasses { get; init; } = [];

    /// <summary>What it is good for, free text.</summary>
    [Id(5)] public string Description { get; init; } = "";

    /// <summary>For kind placement.</summary>
    [Id(6)] public PlacementSpec? Placement { get; init; }

    /// <summary>For kind routing.</summary>
    [Id(7)] public RoutingSpec? Routing { get; init; }

    /// <summary>For kind hedging.</summary>
    [Id(8)] public HedgingSpec? Hedging { get; init; }

    /// <summary>For kind slo.</summary>
    [Id(9)] public SloSpec? Slo { get; init; }

    /// <summary>For kind quota.</summary>
    [Id(10)] public QuotaSpec? Quota { get; init; }

    /// <summary>For kind security.</summary>
    [Id(11)] public SecuritySpec? Security { get; init; }
}

/// <summary>Where requests may run; empty lists allow all, at least one must be given.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.PlacementSpec")]
public sealed record PlacementSpec
{
    /// <summary>Node ids: a pin.</summary>
    [Id(0)] public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>Cells.</summary>
    [Id(1)] public IReadOnlyList<string> Cells { get; init; } = [];

    /// <summary>Zones.</summary>
    [Id(2)] public IReadOnlyList<string> Zones { get; init; } = [];

    /// <summary>Regions: data residency.</summary>
    [Id(3)] public IReadOnlyList<string> Regions { get; init; } = [];

    /// <summary>Labels that a node must carry.</summary>
    [Id(4)] public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>How targets are ordered.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.RoutingSpec")]
public sealed record RoutingSpec
{
    /// <summary>What answers for a plugin when no fallback is named.</summary>
    public const string DefaultFallback = "hybrid_mesh";

    /// <summary>Strategy of the catalogue, such as <c>mesh</c>, or a plugin: <c>my_mesh</c> for the version that is enabled, <c>my_mesh@1.2.0</c> for one version.</summary>
    [Id(0)] public string Strategy { get; init; } = "";

    /// <summary>Parameters of the strategy; those not given take their defaults.</summary>
    [Id(1)] public IReadOnlyDictionary<string, double> Parameters { get; init; } = new Dictionary<string, double>();

    /// <summary>Strategy of the catalogue, with its defaults, that answers where a plugin does not; null for <see cref="DefaultFallback"/>, and without a plugin.</summary>
    [Id(2)] public string? Fallback { get; init; }
}

/// <summary>When a second attempt is sent.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.HedgingSpec")]
public sealed record HedgingSpec
{
    /// <summary>True plans a hedge for every decision, false for none, whatever the strategy. Without a policy only strategies that hedge of their own accord do.</summary>
    [Id(0)] public bool Enabled { get; init; } = true;

    /// <summary>Earliest, milliseconds, 1 to 600,000.</summary>
    [Id(1)] public double MinDelayMs { get; init; } = 50;

    /// <summary>Latest, milliseconds, not below the earliest, at most 600,000.</summary>
    [Id(2)] public double MaxDelayMs { get; init; } = 5000;

    /// <summary>Delay as a multiple of the expected time to first token, 1 to 100.</summary>
    [Id(3)] public double DelayFactor { get; init; } = 2;

    /// <summary>Mean batch occupancy above which no hedge is sent, 0 to 1.</summary>
    [Id(4)] public double MaxSaturation { get; init; } = 0.8;

    /// <summary>Most hedges as a share of requests, 0 to 1.</summary>
    [Id(5)] public double BudgetShare { get; init; } = 0.05;
}

/// <summary>Latency goals and what is refused to keep them.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.SloSpec")]
public sealed record SloSpec
{
    /// <summary>Time to first token, milliseconds, more than 0.</summary>
    [Id(0)] public double? TtftMs { get; init; }

    /// <summary>Time per output token, milliseconds, more than 0.</summary>
    [Id(1)] public double? TpotMs { get; init; }

    /// <summary>Requests that may wait on one target beyond its batch, 0 to 100,000; 64 by default.</summary>
    [Id(2)] public double? MaxQueuePerTarget { get; init; }

    /// <summary>KV-cache share above which a target with a queue takes no new work, 0 to 1; 1 by default: a full cache makes a queue.</summary>
    [Id(3)] public double? MaxKvCacheUsage { get; init; }

    /// <summary>Turn in the mesh's own queue, -100 to 100; 0 by default. Higher goes first; above 0 a tenth of each batch is kept from all others.</summary>
    [Id(4)] public int? QueuePriority { get; init; }

    /// <summary>Longest wait in the mesh's own queue, milliseconds, 0 to 600,000; 0 refuses at once. By default the silo's <c>InferMesh:Routing:MaxQueueWait</c>.</summary>
    [Id(5)] public double? MaxQueueWaitMs { get; init; }

    /// <summary>Share of each matched tenant against others of the same priority, 0.001 to 1,000; 1 by default.</summary>
    [Id(6)] public double? QueueWeight { get; init; }
}

/// <summary>How much may be in flight.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.QuotaSpec")]
public sealed record QuotaSpec
{
    /// <summary>Requests in flight over the whole cluster, 1 to 1,000,000. Each silo enforces an equal share.</summary>
    [Id(0)] public int MaxConcurrentRequests { get; init; }
}

/// <summary>Who may use what the policy matches.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.SecuritySpec")]
public sealed record SecuritySpec
{
    /// <summary>Tenants that may; empty allows every tenant.</summary>
    [Id(0)] public IReadOnlyList<string> AllowedTenants { get; init; } = [];

    /// <summary>Refuses requests that name no tenant.</summary>
    [Id(1)] public bool RequireTenant { get; init; }
}

/// <summary>A stored policy.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.Policy")]
public sealed record Policy : IVersioned
{
    /// <summary>Name: same form as a node id.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Grows by one with each change, also over a deletion; the ETag.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>Content.</summary>
    [Id(2)] public required PolicySpec Spec { get; init; }

    /// <summary>When this version was written.</summary>
    [Id(3)] public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who wrote it.</summary>
    [Id(4)] public string ChangedBy { get; init; } = "";

    /// <summary>This version is a deletion.</summary>
    [Id(5)] public bool Deleted { get; init; }
}
