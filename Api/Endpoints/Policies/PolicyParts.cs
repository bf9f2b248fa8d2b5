using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Policies;

/// <summary>Where requests may run; empty lists allow all, at least one must be given.</summary>
internal sealed record PlacementBody
{
    /// <summary>Node ids: a pin.</summary>
    public IReadOnlyList<string?>? Nodes { get; init; }

    /// <summary>Cells.</summary>
    public IReadOnlyList<string?>? Cells { get; init; }

    /// <summary>Zones.</summary>
    public IReadOnlyList<string?>? Zones { get; init; }

    /// <summary>Regions: data residency.</summary>
    public IReadOnlyList<string?>? Regions { get; init; }

    /// <summary>Labels that a node must carry.</summary>
    public IReadOnlyDictionary<string, string?>? Labels { get; init; }

    public PlacementSpec Read(BodyReader reader) => new()
    {
        Nodes = reader.List("placement.nodes", Nodes),
        Cells = reader.List("placement.cells", Cells),
        Zones = reader.List("placement.zones", Zones),
        Regions = reader.List("placement.regions", Regions),
        Labels = reader.Map("placement.labels", Labels),
    };
}

/// <summary>How targets are ordered.</summary>
internal sealed record RoutingBody
{
    /// <summary>Strategy, such as mesh, heuristic, least_queue or baseline_rr, or a plugin: my_mesh for the version that is enabled, my_mesh@1.2.0 for one version. Required.</summary>
    public string? Strategy { get; init; }

    /// <summary>Parameters of the strategy; those not given take their defaults.</summary>
    public IReadOnlyDictionary<string, double>? Parameters { get; init; }

    /// <summary>Strategy of the catalogue that answers where a plugin does not; for plugins alone. Default hybrid_mesh.</summary>
    public string? Fallback { get; init; }

    public RoutingSpec Read(BodyReader reader) => new()
    {
        Strategy = reader.Required("routing.strategy", Strategy),
        Parameters = Parameters ?? new Dictionary<string, double>(),
        Fallback = string.IsNullOrEmpty(Fallback) ? null : Fallback,
    };
}

/// <summary>When a second attempt is sent.</summary>
internal sealed record HedgingBody
{
    private static readonly HedgingSpec Defaults = new();

    /// <summary>True plans a hedge for every decision, false for none, whatever the strategy. Default true.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Earliest, milliseconds, 1 to 600000. Default 50.</summary>
    public double? MinDelayMs { get; init; }

    /// <summary>Latest, milliseconds, not below the earliest, at most 600000. Default 5000.</summary>
    public double? MaxDelayMs { get; init; }

    /// <summary>Delay as a multiple of the expected time to first token, 1 to 100. Default 2.</summary>
    public double? DelayFactor { get; init; }

    /// <summary>Mean batch occupancy above which no hedge is sent, 0 to 1. Default 0.8.</summary>
    public double? MaxSaturation { get; init; }

    /// <summary>Most hedges as a share of requests, 0 to 1. Default 0.05.</summary>
    public double? BudgetShare { get; init; }

    public HedgingSpec Read() => new()
    {
        Enabled = Enabled ?? Defaults.Enabled,
        MinDelayMs = MinDelayMs ?? Defaults.MinDelayMs,
        MaxDelayMs = MaxDelayMs ?? Defaults.MaxDelayMs,
        DelayFactor = DelayFactor ?? Defaults.DelayFactor,
        MaxSaturation = MaxSaturation ?? Defaults.MaxSaturation,
        BudgetShare = BudgetShare ?? Defaults.BudgetShare,
    };
}

/// <summary>Latency goals and what is refused to keep them; at least one must be given.</summary>
internal sealed record SloBody
{
    /// <summary>Time to first token, milliseconds, more than 0.</summary>
    public double? TtftMs { get; init; }

    /// <summary>Time per output token, milliseconds, more than 0.</summary>
    public double? TpotMs { get; init; }

    /// <summary>Requests that may wait on one target beyond its batch, 0 to 100000. Default 64.</summary>
    public double? MaxQueuePerTarget { get; init; }

    /// <summary>KV-cache share above which a target with a queue takes no new work, 0 to 1. Default 1: a full cache makes a queue.</summary>
    public double? MaxKvCacheUsage { get; init; }

    /// <summary>Turn in the mesh's own queue, -100 to 100. Default 0. Higher goes first; above 0 a tenth of each batch is kept from all others.</summary>
    public int? QueuePriority { get; init; }

    /// <summary>Longest wait in the mesh's own queue, milliseconds, 0 to 600000; 0 refuses at once. Default 10000.</summary>
    public double? MaxQueueWaitMs { get; init; }

    /// <summary>Share of each matched tenant against others of the same priority, 0.001 to 1000. Default 1.</summary>
    public double? QueueWeight { get; init; }

    public SloSpec Read() => new()
    {
        TtftMs = TtftMs,
        TpotMs = TpotMs,
        MaxQueuePerTarget = MaxQueuePerTarget,
        MaxKvCacheUsage = MaxKvCacheUsage,
        QueuePriority = QueuePriority,
        MaxQueueWaitMs = MaxQueueWaitMs,
        QueueWeight = QueueWeight,
    };
}

/// <summary>How much may be in flight.</summary>
internal sealed record QuotaBody
{
    /// <summary>Requests in flight over the whole cluster, 1 to 1000000. Required.</summary>
    public int? MaxConcurrentRequests { get; init; }

    public QuotaSpec Read(BodyReader reader)
    {
        if (MaxConcurrentRequests is null) reader.Refuse("quota.maxConcurrentRequests", "is required.");
        return new() { MaxConcurrentRequests = MaxConcurrentRequests ?? 1 };
    }
}

/// <summary>Who may use what the policy matches.</summary>
internal sealed record SecurityBody
{
    /// <summary>Tenants that may; empty allows every tenant.</summary>
    public IReadOnlyList<string?>? AllowedTenants { get; init; }

    /// <summary>Refuses requests that name no tenant. Default false.</summary>
    public bool? RequireTenant { get; init; }

    public SecuritySpec Read(BodyReader reader) => new()
    {
        AllowedTenants = reader.List("security.allowedTenants", AllowedTenants),
        RequireTenant = RequireTenant ?? false,
    };
}
