using InferMesh.Strategies;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Training;

[assembly: StrategyPlugin(1, typeof(InferMesh.Plugins.Hostile.HostileTrainingPlugin))]

namespace InferMesh.Plugins.Hostile;

/// <summary>Does what a training plugin must not do.</summary>
public sealed class HostileTrainingPlugin : ITrainingPlugin
{
    /// <inheritdoc/>
    public StrategyDescription Description { get; } = new("hostile_training", "Misbehaves.", [new("kind", "", 0, 0, 100, "Which way.")]);

    /// <inheritdoc/>
    public ITrainingStrategy Create(IReadOnlyDictionary<string, double> parameters) => new Hostile((int)(parameters?["kind"] ?? 0));

    private sealed class Hostile(int kind) : ITrainingStrategy
    {
        public string Name => "hostile_training";

        public GangPlacement Place(Gang gang, IReadOnlyList<TrainingNode> nodes)
        {
            if (kind == 1) throw new InvalidOperationException();
            while (kind == 0) ;
            return new() { Groups = [new("nowhere", 1)] };
        }
    }
}
