namespace InferMesh.Strategies.Training;

/// <summary>A gang that runs and may be moved.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Gang">What it needs.</param>
/// <param name="Groups">Where it is.</param>
public sealed record MovableGang(string Id, Gang Gang, IReadOnlyList<WorkerGroup> Groups)
{
    /// <summary>Nodes that it may go to.</summary>
    public Func<string, bool> MayUse { get; init; } = static _ => true;

    internal int Workers => Groups.Sum(static g => g.Workers);
}

/// <summary>A gang that moves.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Placement">Where to.</param>
public sealed record GangMove(string Id, GangPlacement Placement);

/// <summary>Moves that make room for a gang, and its place afterwards.</summary>
/// <param name="Moves">Gangs that move, largest first; empty when none must.</param>
/// <param name="Placement">Where the gang goes.</param>
public sealed record Consolidation(IReadOnlyList<GangMove> Moves, GangPlacement Placement);

/// <summary>Makes room for a gang that would fit, if those that run lay closer together. Pure.</summary>
public static class GangConsolidation
{
    /// <summary>Moves of which none can be left out, after which all gangs that run have a place and the new one too; null when moving all of them is not found to be enough.</summary>
    /// <param name="gang">The gang.</param>
    /// <param name="nodes">Nodes as they are, with what is free beside all gangs that run.</param>
    /// <param name="running">Gangs that may be moved.</param>
    /// <param name="strategy">Places the gang and those that move.</param>
    public static Consolidation? Plan(Gang gang, IReadOnlyList<TrainingNode> nodes, IReadOnlyList<MovableGang> running, ITrainingStrategy strategy)
    {
        ArgumentNullException.ThrowIfNull(gang);
        ArgumentNullException.ThrowIfNull(running);
        // The smallest stay away longest: what is tried again last is most likely to stay where it is.
        MovableGang[] order = [.. running.OrderByDescending(static g => g.Workers * g.Gang.GpusPerWorker).ThenBy(static g => g.Id, StringComparer.Ordinal)];
        if (Try(gang, nodes, order, strategy) is not { } best) return null;
        var moving = order.ToList();
        foreach (var stays in order)
        {
            MovableGang[] fewer = [.. moving.Where(g => g != stays)];
            if (Try(gang, nodes, fewer, strategy) is not { } plan) continue;
            (best, moving) = (plan, [.. fewer]);
        }
        return best;
    }

    /// <summary>The gang first, then those that move into what is left.</summary>
    private static Consolidation? Try(Gang gang, IReadOnlyList<TrainingNode> nodes, IReadOnlyList<MovableGang> moving, ITrainingStrategy strategy)
    {
        var free = nodes.ToDictionary(static n => n.Id, StringComparer.Ordinal);
        foreach (var one in moving) Hold(free, one.Groups, -one.Gang.GpusPerWorker);
        var placement = strategy.Place(gang, [.. free.Values]);
        if (placement.Failure != PlacementFailure.None) return null;
        Hold(free, placement.Groups, gang.GpusPerWorker);
        var moves = new List<GangMove>();
        foreach (var one in moving)
        {
            var to = strategy.Place(one.Gang with { Workers = one.Workers, MinWorkers = 0 }, [.. free.Values.Where(n => one.MayUse(n.Id))]);
            if (to.Failure != PlacementFailure.None) return null;
            Hold(free, to.Groups, one.Gang.GpusPerWorker);
            moves.Add(new(one.Id, to));
        }
        return new(moves, placement);
    }

    private static void Hold(Dictionary<string, TrainingNode> free, IReadOnlyList<WorkerGroup> groups, int gpusPerWorker)
    {
        foreach (var (id, workers) in groups)
        {
            if (free.TryGetValue(id, out var node)) free[id] = node with { FreeGpus = node.FreeGpus - gpusPerWorker * workers };
        }
    }
}
