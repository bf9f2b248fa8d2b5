using InferMesh.Strategies.Training;

namespace InferMesh.Strategies.Hosting;

/// <summary>Whether a placement or a hint can be used.</summary>
internal static class PlacementCheck
{
    private const int MaxRanges = 64, MaxVariables = 32, MaxVariableLength = 128;

    /// <summary>
    /// Each node once and with room, as many workers as asked for, in one domain where the gang requires one. Takes nothing else from the plugin: order of ranks and cost are worked out anew. That
    /// there is no placement is an answer too.
    /// </summary>
    public static bool IsValid(Gang gang, IReadOnlyList<TrainingNode> nodes, ref GangPlacement? placement)
    {
        if (placement?.Groups is not { } groups) return false;
        if (groups.Count == 0) return placement.Failure is > PlacementFailure.None and <= PlacementFailure.DomainTooSmall;
        if (placement.Failure != PlacementFailure.None || groups.Count > nodes.Count) return false;
        var byId = nodes.ToDictionary(static n => n.Id, StringComparer.Ordinal);
        var workers = new Dictionary<string, int>(StringComparer.Ordinal);
        long total = 0;
        foreach (var group in groups)
        {
            if (group?.Node is not { } id || !byId.TryGetValue(id, out var node) || group.Workers < 1 || group.Workers > gang.RoomOn(node) || !workers.TryAdd(id, group.Workers)) return false;
            total += group.Workers;
        }
        if (total > gang.Workers || total < (gang.MinWorkers > 0 ? Math.Min(gang.MinWorkers, gang.Workers) : gang.Workers)) return false;
        placement = GangPlacement.Of(nodes, workers);
        return gang.Required is not { } required || placement.CrossEdges.All(e => e.Key > required || e.Value == 0);
    }

    /// <summary>The ranks of the placement, ranges in order, times finite, few and short variables for NCCL alone.</summary>
    public static bool IsValid(CollectiveHint? hint, GangPlacement placement) =>
        hint is { RankOrder: { } order, Ranges: { Count: > 0 and <= MaxRanges } ranges, Environment: { Count: <= MaxVariables } variables }
        && order.OrderBy(static g => g.Node, StringComparer.Ordinal).SequenceEqual(placement.Groups.OrderBy(static g => g.Node, StringComparer.Ordinal))
        && ranges[0].FromBytes == 0 && ranges.Zip(ranges.Skip(1)).All(static p => p.First.FromBytes < p.Second.FromBytes)
        && ranges.All(static r => r.Algorithm <= CollectiveAlgorithm.Hierarchical && double.IsFinite(r.Seconds) && r.Seconds >= 0)
        && hint.FusionBytes is null or > 0 && IsTime(hint.ComputeSeconds) && IsTime(hint.ExchangeSeconds)
        && variables.All(static v => v.Key.StartsWith("NCCL_", StringComparison.Ordinal) && v.Key.Length <= MaxVariableLength && v.Value.Length <= MaxVariableLength && v.Value.All(char.IsAscii));

    private static bool IsTime(double seconds) => double.IsFinite(seconds) && seconds >= 0;
}
