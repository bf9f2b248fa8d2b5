using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Training;

namespace InferMesh.Strategies.Hosting.DotNet;

/// <summary>Places in a .NET plugin.</summary>
internal sealed class DotNetTraining(ITrainingStrategy strategy, Watchdog watchdog, PluginGuard guard) : ITrainingGuest, IReleasable
{
    private readonly TimeSpan _limit = guard.Budget.TrainingDeadline + guard.Budget.AbortAfter;
    private volatile ITrainingStrategy? _strategy = strategy;

    public bool Hints { get; } = strategy is ICollectiveStrategy;

    public void Release() => _strategy = null;

    public PluginFailure Place(Gang gang, IReadOnlyList<TrainingNode> nodes, out GangPlacement? placement)
    {
        placement = null;
        if (_strategy is not { } strategy) return PluginFailure.Unloaded;
        GangPlacement? made = null;
        // Copied within the call: a list may be a plugin's own type, whose code runs when it is read.
        var failure = watchdog.Run(guard, _limit, () => made = strategy.Place(gang, nodes) is { } p ? p with { Groups = [.. p.Groups.Take(nodes.Count + 1)] } : null);
        placement = made;
        return failure;
    }

    public PluginFailure Hint(GangPlacement placement, TrainingStep step, CollectiveFabric fabric, out CollectiveHint? hint)
    {
        hint = null;
        if (_strategy is not ICollectiveStrategy strategy) return PluginFailure.Unloaded;
        CollectiveHint? made = null;
        var failure = watchdog.Run(guard, _limit, () => made = strategy.Hint(placement, step, fabric) is { } h
            ? h with { RankOrder = [.. h.RankOrder], Ranges = [.. h.Ranges], Environment = new Dictionary<string, string>(h.Environment, StringComparer.Ordinal) } : null);
        hint = made;
        return failure;
    }
}
