using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// What a bound tree keeps of a target, or of a run of them: the least over the eligible ones, but for the newest reading. A target out of rotation is infinitely bad.
/// Times are seconds unless they say ticks; ticks are the bits of a long, which order as the doubles of the same bits do.
/// </summary>
internal enum BoundColumn
{
    /// <summary>Time per output token, the wait for a place in the batch included.</summary>
    Step,

    /// <summary>Time per prompt token, the wait for a place in the batch included.</summary>
    Prefill,

    /// <summary><see cref="Step"/> and what a token more costs the others there, weighed (<see cref="CostModel.ThroughputWeight"/>).</summary>
    FullStep,

    /// <summary><see cref="Prefill"/> in the same way.</summary>
    FullPrefill,

    /// <summary><see cref="FullStep"/> with what the age of the reading adds, at the time of the newest reading of the run. What keeps one target's load with its own age.</summary>
    AgedStep,

    /// <summary><see cref="FullPrefill"/> in the same way.</summary>
    AgedPrefill,

    /// <summary>Ticks of the newest reading.</summary>
    Newest,

    /// <summary>Ticks of the oldest reading.</summary>
    Oldest,

    /// <summary>Ticks at which the prompts sent to a backlogged target are worked off. Backlogged targets have columns of their own, for the least loaded ones often are.</summary>
    BusyUntil,

    /// <summary><see cref="Step"/> of backlogged targets, which have no part in that.</summary>
    BusyStep,

    /// <summary><see cref="Prefill"/> of backlogged targets, which have no part in that.</summary>
    BusyPrefill,

    /// <summary><see cref="FullStep"/> of backlogged targets.</summary>
    BusyFullStep,

    /// <summary><see cref="FullPrefill"/> of backlogged targets.</summary>
    BusyFullPrefill,

    /// <summary>
    /// When a backlogged target would be done with its backlog and an answer of 64 tokens, seconds since the tree's epoch, with what that costs the others and what age adds until the newest reading. What keeps one
    /// target's load with its own backlog. As a function of length it is concave: between two lengths, bounds lie on the chord.
    /// </summary>
    Done64,

    /// <inheritdoc cref="Done64"/>
    Done128,

    /// <inheritdoc cref="Done64"/>
    Done256,

    /// <inheritdoc cref="Done64"/>
    Done512,

    /// <inheritdoc cref="Done64"/>
    Done1024,

    /// <summary>What of the cost of others a step has room for, weighed: 0 or less. It comes off the columns that begin with Full.</summary>
    Slack,

    /// <summary>Ticks from which a backlogged target's steps have room again, before all of its prompts are worked off.</summary>
    BusyRoom,

    /// <summary>Less the others on a backlogged target, weighed: what a second of room takes off.</summary>
    BusyOthers,

    /// <summary>Requests.</summary>
    Load,

    /// <summary>What <see cref="BoundTree.Fixed"/> says.</summary>
    Score,

    /// <summary>Seconds until the model answers.</summary>
    ColdStart,

    /// <summary>Round trip; -1 where it was not measured.</summary>
    Rtt,

    /// <summary>Dollars per prompt token.</summary>
    PromptDollars,

    /// <summary>Dollars per output token.</summary>
    OutputDollars,
}

/// <summary>A score that depends on the target alone.</summary>
internal interface IFixedScore
{
    double Of(TargetSet targets, int target);
}

/// <summary>The bounds of 16 siblings, column by column, next to one another in memory.</summary>
internal readonly ref struct BoundGroup(ReadOnlySpan<double> columns, BoundTree tree)
{
    /// <summary>Siblings.</summary>
    public const int Lanes = 16;

    public const int Columns = (int)BoundColumn.OutputDollars + 1;
    public const int Length = Lanes * Columns;

    private readonly ReadOnlySpan<double> _columns = columns;

    /// <summary>The tree that they are of.</summary>
    public BoundTree Tree { get; } = tree;

    /// <summary>Eight values of a column: the first half or the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> Half(BoundColumn column, int half) =>
        Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(_columns), (nuint)((int)column * Lanes + half * Vector512<double>.Count));

    /// <summary>Bounds of runs, infinite where a run has no eligible target.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> OrNone(in BoundGroup runs, int half, Vector512<double> bounds)
    {
        var none = Vector512.Create(double.PositiveInfinity);
        return Vector512.ConditionalSelect(Vector512.Equals(runs.Half(BoundColumn.Load, half), none), none, bounds);
    }
}
