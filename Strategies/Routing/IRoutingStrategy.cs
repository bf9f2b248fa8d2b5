using InferMesh.Strategies.Scoring;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// Orders the eligible targets of one request. Pure: the answer depends on the input alone, so a recorded decision replays bit for
/// bit; instances are immutable and shared by all threads. The live router, the dry run and the simulator call the same object.
/// </summary>
public interface IRoutingStrategy
{
    /// <summary>Name in the catalogue.</summary>
    string Name { get; }

    /// <summary>Whether the start of the prompt counts: who asks should fill <see cref="RoutingRequest.Prefix"/> then, and need not otherwise.</summary>
    bool WantsPrefix => false;

    /// <summary>Writes the best eligible targets, best first, and returns how many it wrote. Allocates nothing.</summary>
    /// <param name="input">Table row set, request, filter verdicts, time and seed.</param>
    /// <param name="best">Where the picks go; its length is the number wanted, at least 1.</param>
    int Rank(in RankingInput input, Span<RankedTarget> best);

    /// <summary>The cost of one target in seconds, term by term, as <see cref="Rank"/> sees it.</summary>
    CostTerms Explain(in RankingInput input, int target);
}

/// <summary>One pick of a strategy.</summary>
/// <param name="Target">Index into the <see cref="TargetSet"/>.</param>
/// <param name="Score">Lower is better; the unit is the strategy's own (seconds for the mesh family).</param>
public readonly record struct RankedTarget(int Target, double Score);

/// <summary>All that a strategy may look at.</summary>
public readonly ref struct RankingInput
{
    /// <summary>Creates the input.</summary>
    public RankingInput(TargetSet targets, RoutingRequest request, ReadOnlySpan<FilterReason> filter, long nowTicks, ulong sequence, ulong seed)
    {
        Targets = targets;
        Request = request;
        Filter = filter;
        NowTicks = nowTicks;
        Sequence = sequence;
        Seed = seed;
        Distances = targets.DistancesFrom(request.Origin.Place);
    }

    /// <summary>Targets of the model.</summary>
    public TargetSet Targets { get; }

    /// <summary>The request.</summary>
    public RoutingRequest Request { get; }

    /// <summary>Verdict per target; only <see cref="FilterReason.None"/> may be picked.</summary>
    public ReadOnlySpan<FilterReason> Filter { get; }

    /// <summary>Of a tracked set, when <see cref="Filter"/> is its own verdict and nothing more: what the set knows of its targets in advance. Else null.</summary>
    internal TargetIndex? Index { get; init; }

    /// <summary>What is known of the ways from the origin of the request to the targets; null when nothing is.</summary>
    internal OriginDistances? Distances { get; }

    /// <summary>UTC ticks.</summary>
    public long NowTicks { get; }

    /// <summary>How many decisions this router has made for the model before this one.</summary>
    public ulong Sequence { get; }

    /// <summary>Breaks ties; equal seeds break them equally.</summary>
    public ulong Seed { get; }

    /// <summary>What a strategy worked out once for this decision.</summary>
    internal ReadOnlySpan<double> Prepared { get; init; }
}
