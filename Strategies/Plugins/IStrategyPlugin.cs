using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Training;

namespace InferMesh.Strategies.Plugins;

/// <summary>A strategy that is not in the catalogue: its description and its factory.</summary>
public interface IStrategyPlugin
{
    /// <summary>Name, parameters with their ranges, and what it does. The name is that of the manifest.</summary>
    StrategyDescription Description { get; }
}

/// <summary>A strategy that ranks the targets of a request.</summary>
public interface IRoutingPlugin : IStrategyPlugin
{
    /// <summary>Creates a strategy. What it learns stays with it (<see cref="ILearningStrategy"/>).</summary>
    /// <param name="parameters">A value for each parameter of the description, within its range.</param>
    IRoutingStrategy Create(IReadOnlyDictionary<string, double> parameters);
}

/// <summary>A strategy that places training jobs.</summary>
public interface ITrainingPlugin : IStrategyPlugin
{
    /// <summary>Creates a strategy; one that implements <see cref="ICollectiveStrategy"/> gives hints too.</summary>
    /// <param name="parameters">A value for each parameter of the description, within its range.</param>
    ITrainingStrategy Create(IReadOnlyDictionary<string, double> parameters);
}

/// <summary>A strategy that says how a placed gang exchanges its gradients.</summary>
public interface ICollectiveStrategy
{
    /// <summary>The hint for a gang. Pure.</summary>
    /// <param name="placement">Where it is; not a failed one.</param>
    /// <param name="step">Its step.</param>
    /// <param name="fabric">Links, as measured last.</param>
    CollectiveHint Hint(GangPlacement placement, TrainingStep step, CollectiveFabric fabric);
}
