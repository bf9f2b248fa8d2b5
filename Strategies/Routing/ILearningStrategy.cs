using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// A strategy that learns from what became of its decisions. One instance per router, never shared. Thread-safe. What it learns is a cache: it may vanish
/// with the process, and feedback that never comes costs accuracy only.
/// </summary>
public interface ILearningStrategy : IRoutingStrategy
{
    /// <summary>The request was sent to the target. Called after the decision and before the local counters change. The input may lack the verdicts of the filter.</summary>
    void Dispatched(in RankingInput input, int target);

    /// <summary>What came of a request.</summary>
    void Completed(in Outcome outcome);
}

/// <summary>What came of one request on one target.</summary>
/// <param name="Target">Where it ran.</param>
/// <param name="PromptTokens">Prompt tokens.</param>
/// <param name="OutputTokens">Output tokens that came out.</param>
/// <param name="ExpectedSeconds">What the decision expected, all terms together.</param>
/// <param name="LoadAtDispatch">Requests on the target when it was picked, as the router saw it.</param>
/// <param name="TtftSeconds">Seconds to the first token; not a number when none came.</param>
/// <param name="E2eSeconds">Seconds to the last token; not a number when unknown.</param>
/// <param name="Succeeded">False when the attempt failed.</param>
/// <param name="CompletedAtTicks">When, UTC ticks.</param>
/// <param name="Prefix">Chained hashes of the prompt's blocks; empty when unknown.</param>
public readonly record struct Outcome(
    TargetIdentity Target, int PromptTokens, int OutputTokens, double ExpectedSeconds, double LoadAtDispatch,
    double TtftSeconds, double E2eSeconds, bool Succeeded, long CompletedAtTicks, ReadOnlyMemory<ulong> Prefix)
{
    /// <summary>Model that answered; "" when the router knows only one. A target may serve several, and what one of them took says nothing of the others.</summary>
    public string Model { get; init; } = "";

    /// <summary>Sequences that the target batched when it was picked; not a number when nobody wrote it down: then what it batches now stands in.</summary>
    public double BatchAtDispatch { get; init; } = double.NaN;

    /// <summary>Seconds of prompts of this router that the request had before it on the target.</summary>
    public double PrefillBacklogSeconds { get; init; }

    internal double BatchIn(in TargetCost now) => BatchAtDispatch >= 1 ? BatchAtDispatch : now.BatchSize;
}
