using InferMesh.Strategies.Policies;

namespace InferMesh.Strategies.Experiments;

/// <summary>
/// Two or more strategies that serve the same kind of requests at the same time, and the rules by which one of them wins, loses or is stopped. Checked by
/// <see cref="ExperimentSpecValidator"/>.
/// </summary>
public sealed record ExperimentSpec
{
    /// <summary>Name; it salts the split, so that two experiments split the same units independently of each other.</summary>
    public required string Name { get; init; }

    /// <summary>What is compared, two or more. The first is the control: what serves today, and what stays when nothing better is proven.</summary>
    public required IReadOnlyList<ExperimentArm> Arms { get; init; }

    /// <summary>What is assigned as a whole.</summary>
    public AssignmentUnit Unit { get; init; } = AssignmentUnit.Request;

    /// <summary>Name of the header whose value is the unit; "" unless <see cref="Unit"/> is <see cref="AssignmentUnit.Header"/>.</summary>
    public string Header { get; init; } = "";

    /// <summary>Requests that the experiment is for.</summary>
    public PolicyMatch Match { get; init; } = PolicyMatch.Everything;

    /// <summary>Share of the units that take part, above 0 to 1. A greater share keeps all units that took part before.</summary>
    public double Share { get; init; } = 1;

    /// <summary>What decides who wins.</summary>
    public required ExperimentMetric Primary { get; init; }

    /// <summary>What must not get worse.</summary>
    public IReadOnlyList<GuardedMetric> Guardrails { get; init; } = [];

    /// <summary>Probability, above 0 to 0.5, that any interval of any arm and metric is ever wrong, however often it is looked at: until a winner is promoted, and again of the watch after it, which begins with fresh counts.</summary>
    public double Alpha { get; init; } = 0.05;

    /// <summary>Least gain of the primary metric that wins, 0 or more: 0.02 demands 2 % better (of a rate: 2 percentage points).</summary>
    public double MinGain { get; init; }

    /// <summary>Answered requests of all arms together after which the experiment ends without a winner, 1,000 or more.</summary>
    public long TrafficBudget { get; init; } = 1_000_000;

    /// <summary>Time after which it ends without a winner, more than zero.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Requests of an arm and of the control before the two are compared at all, 100 or more: the intervals of means are asymptotic.</summary>
    public int MinRequestsPerArm { get; init; } = 500;

    /// <summary>
    /// Requests that say as much as one independent one (Kish, "Survey Sampling", 1965). 1 fits <see cref="AssignmentUnit.Request"/>. Where whole sessions or tenants are assigned, their
    /// requests resemble each other, and it must be above 1: 1 + (requests per unit - 1) x correlation within a unit. Without it, arms that are alike are told apart most of the time.
    /// </summary>
    public double DesignEffect { get; init; } = 1;

    /// <summary>What becomes of a winner.</summary>
    public PromotionPolicy Promotion { get; init; } = new();

    /// <summary>The arm that serves today.</summary>
    public ExperimentArm Control => Arms[0];
}

/// <summary>One of the strategies compared.</summary>
/// <param name="Name">Name of the arm.</param>
/// <param name="Weight">Its part of the units that take part, relative to the others, more than 0.</param>
/// <param name="Strategy">Name of the strategy in the catalogue.</param>
/// <param name="Parameters">Parameters of the strategy that differ from their defaults.</param>
public sealed record ExperimentArm(string Name, double Weight, string Strategy, IReadOnlyDictionary<string, double>? Parameters = null);

/// <summary>What is assigned to an arm as a whole.</summary>
public enum AssignmentUnit
{
    /// <summary>Each request by itself: the strongest comparison, as requests are independent of each other given the load.</summary>
    Request,

    /// <summary>Conversations: for strategies whose effect is in the cache of the turns before.</summary>
    Session,

    /// <summary>Tenants.</summary>
    Tenant,

    /// <summary>Values of a header.</summary>
    Header,
}

/// <summary>A metric that must not get worse.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Margin">How much worse is tolerated, 0 or more: 0.05 is 5 % (of a rate: 5 percentage points). An arm that is shown to be worse by more is stopped; only one that is shown not to be may win.</param>
public sealed record GuardedMetric(ExperimentMetric Metric, double Margin);

/// <summary>What becomes of a winner.</summary>
public sealed record PromotionPolicy
{
    /// <summary>Whether a winner is promoted by itself; otherwise it waits for a hand.</summary>
    public bool Auto { get; init; }

    /// <summary>Requests of the winner and of the control before there is one, 0 or more.</summary>
    public long MinRequestsPerArm { get; init; } = 10_000;

    /// <summary>Time before there is a winner, zero or more: a day has hours of different load.</summary>
    public TimeSpan MinDuration { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Share of the units that the control keeps while a promoted arm is watched, 0.001 to 0.5.</summary>
    public double Holdback { get; init; } = 0.05;

    /// <summary>How long a promoted arm is watched, more than zero; a regression within this time demotes it.</summary>
    public TimeSpan Watch { get; init; } = TimeSpan.FromDays(3);
}
