using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>What became of a request.</summary>
public enum DecisionOutcome : byte
{
    /// <summary>There are targets.</summary>
    Routed = 0,

    /// <summary>No node serves the model.</summary>
    ModelUnknown,

    /// <summary>Nodes serve the model, but health, placement or the caller's own demands rule all of them out.</summary>
    NoEligibleTarget,

    /// <summary>All eligible nodes are full: come back later.</summary>
    Overloaded,

    /// <summary>The quota of a policy is used up: come back later.</summary>
    QuotaExceeded,

    /// <summary>A security policy keeps the tenant away from the model.</summary>
    Forbidden,
}

/// <summary>One pick with what it is expected to cost.</summary>
/// <param name="Identity">The target.</param>
/// <param name="Score">The strategy's own number; lower is better.</param>
/// <param name="Terms">Expected seconds, term by term.</param>
/// <param name="Load">Requests on the target, this router's own included.</param>
/// <param name="LoadFactor">Load over batch size; above 1 requests wait.</param>
/// <param name="SignalAgeSeconds">Age of the reading behind it; infinite when there is none.</param>
/// <param name="Local">Counters to reserve on.</param>
public sealed record Choice(TargetIdentity Identity, double Score, CostTerms Terms, double Load, double LoadFactor, double SignalAgeSeconds, LocalLoad Local);

/// <summary>A target that was ruled out.</summary>
/// <param name="Identity">The target.</param>
/// <param name="Reason">Why.</param>
public sealed record Exclusion(TargetIdentity Identity, FilterReason Reason);

/// <summary>The answer to one request, with its reasons.</summary>
/// <param name="Outcome">Routed, or why not.</param>
/// <param name="Choices">Targets, best first; empty when not routed.</param>
/// <param name="Hedge">The second attempt.</param>
/// <param name="RetryAfter">When to come back after a refusal that time may cure (load, quota, nobody eligible), 1 to 60 s; zero otherwise.</param>
/// <param name="Strategy">Name of the strategy that ranked.</param>
/// <param name="TableVersion">Version of the routing table.</param>
/// <param name="Policy">What held for the request.</param>
/// <param name="Considered">Targets of the model.</param>
/// <param name="Eligible">Targets left after filtering.</param>
/// <param name="Excluded">Who was ruled out and why; filled only when an explanation was asked for or nothing was eligible.</param>
public sealed record Decision(
    DecisionOutcome Outcome, IReadOnlyList<Choice> Choices, HedgePlan Hedge, TimeSpan RetryAfter, string Strategy, long TableVersion,
    EffectivePolicy Policy, int Considered, int Eligible, IReadOnlyList<Exclusion> Excluded);
