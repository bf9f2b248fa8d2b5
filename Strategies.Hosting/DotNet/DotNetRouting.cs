using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

// Pointers to the arguments of a call, which lie on the stack of the thread that makes it and outlive it.
#pragma warning disable CS8500

namespace InferMesh.Strategies.Hosting.DotNet;

/// <summary>Ranks in a .NET plugin.</summary>
internal sealed class DotNetRouting(IRoutingStrategy strategy, Watchdog watchdog, PluginGuard guard) : IRoutingGuest, IReleasable
{
    [ThreadStatic]
    private static Frame? s_frame;

    private readonly TimeSpan _limit = guard.Budget.RoutingDeadline + guard.Budget.AbortAfter;
    private volatile IRoutingStrategy? _strategy = strategy;

    public bool WantsPrefix { get; } = strategy.WantsPrefix;

    public bool Learns { get; } = strategy is ILearningStrategy;

    public void Release() => _strategy = null;

    public unsafe PluginFailure Rank(in RankingInput input, Span<RankedTarget> best, out int count)
    {
        count = 0;
        if (_strategy is not { } strategy) return PluginFailure.Unloaded;
        var frame = s_frame ??= new();
        fixed (RankingInput* at = &input)
        {
            frame.Input = at;
            frame.Best = &best;
            frame.Count = 0;
            frame.Strategy = strategy;
            var failure = watchdog.Run(guard, _limit, frame.Rank);
            frame.Strategy = null;
            count = frame.Count;
            return failure;
        }
    }

    public unsafe CostTerms? Explain(in RankingInput input, int target)
    {
        if (_strategy is not { } strategy) return null;
        var frame = s_frame ??= new();
        fixed (RankingInput* at = &input)
        {
            frame.Input = at;
            frame.Target = target;
            frame.Strategy = strategy;
            var failure = watchdog.Run(guard, _limit, frame.Explain);
            frame.Strategy = null;
            return failure == PluginFailure.None ? frame.Terms : null;
        }
    }

    public unsafe void Dispatched(in RankingInput input, int target)
    {
        if (_strategy is not ILearningStrategy learning) return;
        var frame = s_frame ??= new();
        fixed (RankingInput* at = &input)
        {
            frame.Input = at;
            frame.Target = target;
            frame.Strategy = learning;
            watchdog.Run(guard, _limit, frame.Dispatched);
            frame.Strategy = null;
        }
    }

    public void Completed(in Outcome outcome)
    {
        if (_strategy is not ILearningStrategy learning) return;
        var taken = outcome;
        watchdog.Run(guard, _limit, () => learning.Completed(taken));
    }

    /// <summary>Arguments and result of the call that a thread makes, so that none has to be allocated for each.</summary>
    private sealed unsafe class Frame
    {
        public Frame() => (Rank, Explain, Dispatched) = (
            () => Count = Strategy!.Rank(*Input, *Best),
            () => Terms = Strategy!.Explain(*Input, Target),
            () => ((ILearningStrategy)Strategy!).Dispatched(*Input, Target));

        public IRoutingStrategy? Strategy { get; set; }

        public RankingInput* Input { get; set; }

        public Span<RankedTarget>* Best { get; set; }

        public int Target { get; set; }

        public int Count { get; set; }

        public CostTerms Terms { get; set; }

        public Action Rank { get; }

        public Action Explain { get; }

        public Action Dispatched { get; }
    }
}
