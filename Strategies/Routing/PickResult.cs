using InferMesh.Strategies.Hedging;

namespace InferMesh.Strategies.Routing;

/// <summary>A decision without its reasons.</summary>
/// <param name="Outcome">Routed, or why not.</param>
/// <param name="Count">Picks written; 0 when not routed.</param>
/// <param name="Hedge">The second attempt.</param>
/// <param name="RetryAfter">As in <see cref="Decision"/>.</param>
public readonly record struct PickResult(DecisionOutcome Outcome, int Count, HedgePlan Hedge, TimeSpan RetryAfter);
