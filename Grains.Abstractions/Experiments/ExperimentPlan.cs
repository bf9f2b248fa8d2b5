using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Grains.Abstractions.Experiments;

/// <summary>What is assigned to an arm as a whole.</summary>
[GenerateSerializer, Alias("infermesh.SplitUnit")]
public enum SplitUnit : byte
{
    /// <summary>Each request by itself.</summary>
    Request = 0,

    /// <summary>Conversations.</summary>
    Session,

    /// <summary>Tenants.</summary>
    Tenant,

    /// <summary>Values of a header.</summary>
    Header,
}

/// <summary>An experiment as it is written. It does not change while it runs.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.ExperimentPlan")]
public sealed record ExperimentPlan
{
    /// <summary>What is compared, 2 to 16. The first is the control: what serves today.</summary>
    [Id(0)] public IReadOnlyList<ArmPlan> Arms { get; init; } = [];

    /// <summary>What is assigned as a whole.</summary>
    [Id(1)] public SplitUnit Unit { get; init; }

    /// <summary>Header whose value is the unit; "" unless the unit is header.</summary>
    [Id(2)] public string Header { get; init; } = "";

    /// <summary>Models it is for; empty means all, a trailing <c>*</c> matches any ending.</summary>
    [Id(3)] public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Tenants it is for; empty means all.</summary>
    [Id(4)] public IReadOnlyList<string> Tenants { get; init; } = [];

    /// <summary>SLO classes it is for; empty means all.</summary>
    [Id(5)] public IReadOnlyList<string> SloClasses { get; init; } = [];

    /// <summary>Share of the units that take part, above 0 to 1.</summary>
    [Id(6)] public double Share { get; init; } = 1;

    /// <summary>Metric that decides who wins, such as <c>ttft_p95</c>.</summary>
    [Id(7)] public string Primary { get; init; } = "ttft_p95";

    /// <summary>Values beyond it count as the cap; for a primary metric that is a <c>_mean</c>, and for no other.</summary>
    [Id(8)] public double? PrimaryCap { get; init; }

    /// <summary>Metrics that must not get worse, at most 8.</summary>
    [Id(9)] public IReadOnlyList<GuardrailPlan> Guardrails { get; init; } = [];

    /// <summary>Probability that any judgement is ever wrong until a winner is promoted, and again of the watch after it; above 0 to 0.5.</summary>
    [Id(10)] public double Alpha { get; init; } = 0.05;

    /// <summary>Least gain that wins, 0 to 10.</summary>
    [Id(11)] public double MinGain { get; init; }

    /// <summary>Answered requests of all arms after which it ends without a winner, 1,000 or more.</summary>
    [Id(12)] public long TrafficBudget { get; init; } = 1_000_000;

    /// <summary>Seconds after which it ends without a winner, more than 0, at most a year.</summary>
    [Id(13)] public double MaxDurationSeconds { get; init; } = 14 * 86_400;

    /// <summary>Requests of an arm and of the control before the two are compared, 100 or more.</summary>
    [Id(14)] public int MinRequestsPerArm { get; init; } = 500;

    /// <summary>Requests that say as much as one independent one, 1 or more; above 1 unless the unit is request.</summary>
    [Id(15)] public double DesignEffect { get; init; } = 1;

    /// <summary>What becomes of a winner.</summary>
    [Id(16)] public PromotionPlan Promotion { get; init; } = new();

    /// <summary>What it is to show, free text of at most 1,000 characters.</summary>
    [Id(17)] public string Description { get; init; } = "";
}

/// <summary>One of the strategies compared.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.ArmPlan")]
public sealed record ArmPlan
{
    /// <summary>Name: the form of a node id.</summary>
    [Id(0)] public string Name { get; init; } = "";

    /// <summary>Its part of the units, relative to the others, more than 0.</summary>
    [Id(1)] public double Weight { get; init; } = 1;

    /// <summary>Strategy, as a policy names it: of the catalogue, or a plugin. A plugin without a version is stored with the one that is enabled when the experiment begins.</summary>
    [Id(2)] public string Strategy { get; init; } = "";

    /// <summary>Parameters of the strategy; those not given take their defaults.</summary>
    [Id(3)] public IReadOnlyDictionary<string, double> Parameters { get; init; } = new Dictionary<string, double>();

    /// <summary>Strategy of the catalogue that answers where a plugin does not; null for the default, and without a plugin.</summary>
    [Id(4)] public string? Fallback { get; init; }

    /// <summary>The same as a policy would have it.</summary>
    public RoutingSpec ToRouting() => new() { Strategy = Strategy, Parameters = Parameters, Fallback = Fallback };
}

/// <summary>A metric that must not get worse.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.GuardrailPlan")]
public sealed record GuardrailPlan
{
    /// <summary>Metric, such as <c>error_rate</c>.</summary>
    [Id(0)] public string Metric { get; init; } = "";

    /// <summary>How much worse is tolerated: 0.05 is 5 %, of a rate 5 percentage points.</summary>
    [Id(1)] public double Margin { get; init; }

    /// <summary>Values beyond it count as the cap; for a <c>_mean</c>, and for no other.</summary>
    [Id(2)] public double? Cap { get; init; }
}

/// <summary>What becomes of a winner.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.PromotionPlan")]
public sealed record PromotionPlan
{
    /// <summary>Whether a winner is promoted by itself; otherwise it waits for a hand.</summary>
    [Id(0)] public bool Auto { get; init; }

    /// <summary>Requests of the winner and of the control before there is one, 0 or more.</summary>
    [Id(1)] public long MinRequestsPerArm { get; init; } = 10_000;

    /// <summary>Seconds before there is a winner, 0 or more.</summary>
    [Id(2)] public double MinDurationSeconds { get; init; } = 86_400;

    /// <summary>Share of the units that the control keeps while a promoted arm is watched, 0.001 to 0.5.</summary>
    [Id(3)] public double Holdback { get; init; } = 0.05;

    /// <summary>Seconds for which a promoted arm is watched, more than 0.</summary>
    [Id(4)] public double WatchSeconds { get; init; } = 3 * 86_400;
}
