using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Experiments;

namespace InferMesh.Api.Endpoints.Experiments;

/// <summary>An experiment as it is created.</summary>
internal sealed record ExperimentBody
{
    private static readonly ExperimentPlan Defaults = new();

    /// <summary>Name: 1 to 128 letters, digits, '.', '_' or '-', the first one a letter or digit. It salts the split. Required.</summary>
    public string? Name { get; init; }

    /// <summary>What it is to show, at most 1000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>What is compared, 2 to 16. The first is the control: what serves today. Required.</summary>
    public IReadOnlyList<ArmBody?>? Arms { get; init; }

    /// <summary>What is assigned to an arm as a whole: request (default), session, tenant, or the value of a header.</summary>
    public SplitUnit? Unit { get; init; }

    /// <summary>Header whose value is the unit; with unit header alone.</summary>
    public string? Header { get; init; }

    /// <summary>Models it is for; empty means all, a trailing '*' matches any ending.</summary>
    public IReadOnlyList<string?>? Models { get; init; }

    /// <summary>Tenants it is for; empty means all.</summary>
    public IReadOnlyList<string?>? Tenants { get; init; }

    /// <summary>SLO classes it is for; empty means all.</summary>
    public IReadOnlyList<string?>? SloClasses { get; init; }

    /// <summary>Share of the units that take part, above 0 to 1. Default 1.</summary>
    public double? Share { get; init; }

    /// <summary>Metric that decides who wins: ttft, e2e or cost with a quantile (ttft_p95, the default), a geometric mean (e2e_gmean) or a capped mean (cost_mean), or error_rate.</summary>
    public string? Primary { get; init; }

    /// <summary>Values of the primary metric beyond it count as the cap; for a capped mean alone, where it is required. Seconds, or dollars.</summary>
    public double? PrimaryCap { get; init; }

    /// <summary>Metrics that must not get worse, at most 8.</summary>
    public IReadOnlyList<GuardrailBody?>? Guardrails { get; init; }

    /// <summary>Probability that any judgement is ever wrong until a winner is promoted, and again of the watch after it; above 0 to 0.5. Default 0.05.</summary>
    public double? Alpha { get; init; }

    /// <summary>Least gain that wins, 0 to 10: 0.02 demands 2 % better, of a rate 2 percentage points. Default 0.</summary>
    public double? MinGain { get; init; }

    /// <summary>Answered requests of all arms after which it ends without a winner, 1000 or more. Default 1000000.</summary>
    public long? TrafficBudget { get; init; }

    /// <summary>Seconds after which it ends without a winner, at most a year. Default 14 days.</summary>
    public double? MaxDurationSeconds { get; init; }

    /// <summary>Requests of an arm and of the control before the two are compared, 100 or more. Default 500.</summary>
    public int? MinRequestsPerArm { get; init; }

    /// <summary>Requests that say as much as one independent one, 1 or more: 1 + (requests per unit - 1) x correlation within a unit. Above 1 unless the unit is request. Default 1.</summary>
    public double? DesignEffect { get; init; }

    /// <summary>What becomes of a winner.</summary>
    public PromotionBody? Promotion { get; init; }

    /// <summary>The content for the grain, which checks it as a whole; here is checked only what its types cannot carry.</summary>
    public ExperimentPlan Read(BodyReader reader) => new()
    {
        Description = Description ?? "",
        Arms = [.. (Arms ?? []).Select((arm, i) => (arm ?? new()).Read(reader, $"arms[{i}]"))],
        Unit = Unit ?? Defaults.Unit,
        Header = Header ?? "",
        Models = reader.List("models", Models),
        Tenants = reader.List("tenants", Tenants),
        SloClasses = reader.List("sloClasses", SloClasses),
        Share = Share ?? Defaults.Share,
        Primary = Primary ?? Defaults.Primary,
        PrimaryCap = PrimaryCap,
        Guardrails = [.. (Guardrails ?? []).Select((guard, i) => (guard ?? new()).Read(reader, $"guardrails[{i}]"))],
        Alpha = Alpha ?? Defaults.Alpha,
        MinGain = MinGain ?? Defaults.MinGain,
        TrafficBudget = TrafficBudget ?? Defaults.TrafficBudget,
        MaxDurationSeconds = MaxDurationSeconds ?? Defaults.MaxDurationSeconds,
        MinRequestsPerArm = MinRequestsPerArm ?? Defaults.MinRequestsPerArm,
        DesignEffect = DesignEffect ?? Defaults.DesignEffect,
        Promotion = Promotion?.Read() ?? Defaults.Promotion,
    };
}

/// <summary>One of the strategies compared.</summary>
internal sealed record ArmBody
{
    /// <summary>Name. Required.</summary>
    public string? Name { get; init; }

    /// <summary>Its part of the units, relative to the others, more than 0. Default 1.</summary>
    public double? Weight { get; init; }

    /// <summary>Strategy, as a routing policy names it: of the catalogue, or a plugin. Required.</summary>
    public string? Strategy { get; init; }

    /// <summary>Parameters of the strategy; those not given take their defaults.</summary>
    public IReadOnlyDictionary<string, double>? Parameters { get; init; }

    /// <summary>Strategy of the catalogue that answers where a plugin does not; for plugins alone. Default hybrid_mesh.</summary>
    public string? Fallback { get; init; }

    public ArmPlan Read(BodyReader reader, string field) => new()
    {
        Name = reader.Required($"{field}.name", Name),
        Weight = Weight ?? 1,
        Strategy = reader.Required($"{field}.strategy", Strategy),
        Parameters = Parameters ?? new Dictionary<string, double>(),
        Fallback = string.IsNullOrEmpty(Fallback) ? null : Fallback,
    };
}

/// <summary>A metric that must not get worse.</summary>
internal sealed record GuardrailBody
{
    /// <summary>Metric, such as error_rate. Required.</summary>
    public string? Metric { get; init; }

    /// <summary>How much worse is tolerated, 0 or more: 0.05 is 5 %, of a rate 5 percentage points. Default 0.</summary>
    public double? Margin { get; init; }

    /// <summary>Values beyond it count as the cap; for a capped mean alone, where it is required.</summary>
    public double? Cap { get; init; }

    public GuardrailPlan Read(BodyReader reader, string field) => new() { Metric = reader.Required($"{field}.metric", Metric), Margin = Margin ?? 0, Cap = Cap };
}

/// <summary>What becomes of a winner.</summary>
internal sealed record PromotionBody
{
    private static readonly PromotionPlan Defaults = new();

    /// <summary>Promotes a winner by itself. Default false: it waits for a hand.</summary>
    public bool? Auto { get; init; }

    /// <summary>Requests of the winner and of the control before there is one, 0 or more. Default 10000.</summary>
    public long? MinRequestsPerArm { get; init; }

    /// <summary>Seconds before there is a winner, 0 or more. Default a day.</summary>
    public double? MinDurationSeconds { get; init; }

    /// <summary>Share of the units that the control keeps while a promoted arm is watched, 0.001 to 0.5. Default 0.05.</summary>
    public double? Holdback { get; init; }

    /// <summary>Seconds for which a promoted arm is watched. Default 3 days.</summary>
    public double? WatchSeconds { get; init; }

    public PromotionPlan Read() => new()
    {
        Auto = Auto ?? Defaults.Auto,
        MinRequestsPerArm = MinRequestsPerArm ?? Defaults.MinRequestsPerArm,
        MinDurationSeconds = MinDurationSeconds ?? Defaults.MinDurationSeconds,
        Holdback = Holdback ?? Defaults.Holdback,
        WatchSeconds = WatchSeconds ?? Defaults.WatchSeconds,
    };
}

/// <summary>Why an experiment is changed by hand.</summary>
internal sealed record ExperimentReasonBody
{
    /// <summary>Reason, at most 256 characters.</summary>
    public string? Reason { get; init; }
}
