using InferMesh.Simulator.Results;
using InferMesh.Strategies.Recording;

namespace InferMesh.Simulator;

/// <summary>How a simulation is run; nothing here changes its results, but that <see cref="Strategies"/> has the strategies of some names.</summary>
public sealed record RunOptions
{
    /// <summary>Runs at the same time, 1 or more; default: all processors.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Seeds, each with all strategies; null takes that of the configuration.</summary>
    public IReadOnlyList<ulong>? Seeds { get; init; }

    /// <summary>Strategies that are not in the catalogue; null when there are none.</summary>
    public IStrategySource? Strategies { get; init; }

    /// <summary>Hears how far each run is, several times a second, on the thread of the run.</summary>
    public Action<RunProgress>? Progress { get; init; }

    /// <summary>Opens where the decisions of a run are recorded, given the recording, the seed and the name of the strategy; null records none. Not for the reference with known bugs, which has no router.</summary>
    public Func<ulong, ulong, string, IRecordingSink>? Record { get; init; }

    /// <summary>Ends all runs early: their results are complete up to there.</summary>
    public CancellationToken Stop { get; init; }
}
