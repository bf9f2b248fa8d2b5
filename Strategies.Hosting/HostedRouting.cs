using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Hosting;

/// <summary>What ranks on behalf of a plugin. Never throws.</summary>
internal interface IRoutingGuest
{
    bool WantsPrefix { get; }

    PluginFailure Rank(in RankingInput input, Span<RankedTarget> best, out int count);

    /// <summary>The terms of a target; null when the plugin has none.</summary>
    CostTerms? Explain(in RankingInput input, int target);

    void Dispatched(in RankingInput input, int target);

    void Completed(in Outcome outcome);
}

/// <summary>A strategy that a plugin made, with what answers in its place.</summary>
public interface IHostedStrategy
{
    /// <summary>What the plugin is measured against: the strategy that would rank without it.</summary>
    IRoutingStrategy Fallback { get; }
}

/// <summary>
/// A routing strategy that a plugin made: whatever the plugin does, a request gets its picks, from the fallback when need be. Stands wherever a strategy of the catalogue does.
/// </summary>
internal sealed class HostedRouting(string name, IRoutingGuest guest, IRoutingStrategy fallback, PluginGuard guard, Action<PluginFailure>? asked = null) : ILearningStrategy, IHostedStrategy
{
    private readonly ILearningStrategy? _learningFallback = fallback as ILearningStrategy;

    public string Name { get; } = name;

    public IRoutingStrategy Fallback => fallback;

    public bool WantsPrefix => guest.WantsPrefix || fallback.WantsPrefix;

    public int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        var count = 0;
        var failure = guard.Enter(out var start);
        if (failure == PluginFailure.None)
        {
            failure = guest.Rank(input, best, out count);
            if (failure == PluginFailure.None && !RankingCheck.IsValid(input, best, count)) failure = PluginFailure.Invalid;
            failure = guard.Leave("rank", start, guard.Budget.RoutingDeadline, failure);
        }
        asked?.Invoke(failure);
        return failure == PluginFailure.None ? count : fallback.Rank(input, best);
    }

    public CostTerms Explain(in RankingInput input, int target)
    {
        if (guard.IsQuarantined || guard.IsOpen) return fallback.Explain(input, target);
        return guest.Explain(input, target) is { } terms && double.IsFinite(terms.TotalSeconds) ? terms : fallback.Explain(input, target);
    }

    public void Dispatched(in RankingInput input, int target)
    {
        if (!guard.IsQuarantined) guest.Dispatched(input, target);
        _learningFallback?.Dispatched(input, target);
    }

    public void Completed(in Outcome outcome)
    {
        if (!guard.IsQuarantined) guest.Completed(outcome);
        _learningFallback?.Completed(outcome);
    }
}
