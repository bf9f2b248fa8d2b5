using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Training;

namespace InferMesh.Simulator;

/// <summary>Strategies that are in no catalogue, such as plugins, and that a configuration may name all the same. Thread-safe: runs ask for theirs side by side, and use them on one thread each.</summary>
public interface IStrategySource
{
    /// <summary>Those that rank targets; none has the name of one of the catalogue.</summary>
    IReadOnlyList<StrategyDescription> Routing { get; }

    /// <summary>Those that place jobs.</summary>
    IReadOnlyList<StrategyDescription> Training { get; }

    /// <summary>Makes a strategy that ranks.</summary>
    /// <param name="name">One of <see cref="Routing"/>.</param>
    /// <param name="parameters">Those not given take their defaults.</param>
    /// <param name="fallback">Answers where the strategy does not; of this strategy alone.</param>
    /// <param name="asked">Hears of each ranking: null where the strategy answered, otherwise why the fallback did, such as <c>trap</c>.</param>
    /// <exception cref="InvalidOperationException">None can be made.</exception>
    IRoutingStrategy CreateRouting(string name, IReadOnlyDictionary<string, double>? parameters, IRoutingStrategy fallback, Action<string?> asked);

    /// <summary>Makes a strategy that places, with the defaults of its parameters.</summary>
    /// <param name="name">One of <see cref="Training"/>.</param>
    /// <param name="fallback">Answers where the strategy does not.</param>
    /// <param name="asked">Hears of each placement, as of a ranking.</param>
    /// <exception cref="InvalidOperationException">None can be made.</exception>
    ITrainingStrategy CreateTraining(string name, ITrainingStrategy fallback, Action<string?> asked);
}
