using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Hosting;

/// <summary>What ranks on behalf of a plugin. Never throws.</summary>
internal interface IRoutingGuest
{
    bool WantsPrefix { get; }

    /// <summary>Whether its rankings depend on what it was told.</summary>
    bool Learns { get; }

    PluginFailure Rank(in RankingInput input, Span<RankedTarget> best, out int count);

    /// <summary>The terms of a target; null when the plugin has none.</summary>
    CostTerms? Explain(in RankingInput input, int target);

    void Dispatched(in RankingInput input, int target);

    void Completed(in Outcome outcome);
}

/// <summary>
/// A routing strategy that a plugin made: whatever the plugin does, a request gets its picks, from the fallback when need be. Stands wherever a strategy of the catalogue does.
/// </summary>
internal sealed class HostedRouting(
    PluginIdentity plugin, IReadOnlyDictionary<string, double> parameters, IRoutingGuest guest, IRoutingStrategy fallback, PluginGuard guard, Action<PluginFailure>? asked = null) : IHostedStrategy
{
    [ThreadStatic]
    private static Ranking s_last;

    private readonly ILearningStrategy? _learningFallback = fallback as ILearningStrategy;

    public string Name { get; } = plugin.ToString();

    public PluginIdentity Plugin => plugin;

    public IReadOnlyDictionary<string, double> Parameters => parameters;

    public IRoutingStrategy Fallback => fallback;

    public bool Learns => guest.Learns;

    public string? LastFallback => s_last.By == this && s_last.Failure != PluginFailure.None ? PluginFailures.Name(s_last.Failure) : null;

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
        s_last = new(this, failure, input.NowTicks, input.Sequence, input.Seed);
        return failure == PluginFailure.None ? count : fallback.Rank(input, best);
    }

    public CostTerms Explain(in RankingInput input, int target)
    {
        // Terms are of whoever ranked: what is planned by them, such as the second attempt, must follow from the decision alone.
        if (guard.IsQuarantined || (s_last.IsOf(this, input) ? s_last.Failure != PluginFailure.None : guard.IsOpen)) return fallback.Explain(input, target);
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

    /// <summary>A ranking that a thread asked for, and what came of it.</summary>
    private readonly record struct Ranking(HostedRouting? By, PluginFailure Failure, long NowTicks, ulong Sequence, ulong Seed)
    {
        public bool IsOf(HostedRouting strategy, in RankingInput input) => By == strategy && NowTicks == input.NowTicks && Sequence == input.Sequence && Seed == input.Seed;
    }
}
