using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Training;

namespace InferMesh.Strategies.Hosting;

/// <summary>What places on behalf of a plugin. Never throws.</summary>
internal interface ITrainingGuest
{
    /// <summary>Places; null when it failed.</summary>
    PluginFailure Place(Gang gang, IReadOnlyList<TrainingNode> nodes, out GangPlacement? placement);

    /// <summary>Whether it gives hints.</summary>
    bool Hints { get; }

    /// <summary>Gives a hint; null when it failed.</summary>
    PluginFailure Hint(GangPlacement placement, TrainingStep step, CollectiveFabric fabric, out CollectiveHint? hint);
}

/// <summary>A training strategy that a plugin made: a placement that does not fit, a hint that is none, or no answer in time is the fallback's.</summary>
internal sealed class HostedTraining(string name, ITrainingGuest guest, ITrainingStrategy fallback, PluginGuard guard, Action<PluginFailure>? asked = null) : ITrainingStrategy, ICollectiveStrategy
{
    public string Name { get; } = name;

    public GangPlacement Place(Gang gang, IReadOnlyList<TrainingNode> nodes)
    {
        GangPlacement? placement = null;
        var failure = guard.Enter(out var start);
        if (failure == PluginFailure.None)
        {
            failure = guest.Place(gang, nodes, out placement);
            if (failure == PluginFailure.None && !PlacementCheck.IsValid(gang, nodes, ref placement)) failure = PluginFailure.Invalid;
            failure = guard.Leave("place", start, guard.Budget.TrainingDeadline, failure);
        }
        asked?.Invoke(failure);
        return failure == PluginFailure.None ? placement! : fallback.Place(gang, nodes);
    }

    public CollectiveHint Hint(GangPlacement placement, TrainingStep step, CollectiveFabric fabric)
    {
        if (!guest.Hints || guard.Enter(out var start) != PluginFailure.None) return Fallback(placement, step, fabric);
        var failure = guest.Hint(placement, step, fabric, out var hint);
        if (failure == PluginFailure.None && !PlacementCheck.IsValid(hint, placement)) failure = PluginFailure.Invalid;
        return guard.Leave("hint", start, guard.Budget.TrainingDeadline, failure) == PluginFailure.None ? hint! : Fallback(placement, step, fabric);
    }

    private CollectiveHint Fallback(GangPlacement placement, TrainingStep step, CollectiveFabric fabric) =>
        fallback is ICollectiveStrategy collective ? collective.Hint(placement, step, fabric) : CollectiveHints.For(placement, step, fabric);
}
