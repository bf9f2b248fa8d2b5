namespace InferMesh.Strategies.Training.Scheduling;

/// <summary>Finds out who can make room for a job that finds none: by giving up workers beyond need, by giving up its place, or by moving closer to others.</summary>
internal sealed class RoomMaker(SchedulerInput input)
{
    // Each is tried once more to stay: so many searches a plan bears.
    private const int MaxVictims = 64;
    private const int MaxMovers = 24;

    /// <summary>What is to be done, and where the job would go then; null when nothing helps.</summary>
    public (IReadOnlyList<JobMove> Moves, IReadOnlyList<JobVacate> Vacates, GangPlacement Placement)? For(TrainingJob job, FleetDraft fleet)
    {
        if (Shrink(job, fleet) is { } shrunk) return (shrunk.Moves, [], shrunk.Placement);
        if (input.Options.Preempt && Preempt(job, fleet) is { } preempted) return ([], preempted.Vacates, preempted.Placement);
        if (input.Now - job.SubmittedAt >= input.Options.ConsolidateAfter && Consolidate(job, fleet) is { } moved) return (moved.Moves, [], moved.Placement);
        return null;
    }

    /// <summary>Elastic jobs give up what is beyond what they asked for, those of lower priority what is beyond their least.</summary>
    private (IReadOnlyList<JobMove> Moves, GangPlacement Placement)? Shrink(TrainingJob job, FleetDraft fleet)
    {
        var elastic = input.Placed
            .Where(p => !p.Busy && p.Lost.Count == 0 && p.Job.Priority <= job.Priority && p.Workers > Floor(p, job))
            .OrderBy(static p => p.Job.Priority).ThenByDescending(static p => p.Gpus).ThenBy(static p => p.Job.Id, StringComparer.Ordinal).Take(MaxVictims).ToArray();
        if (elastic.Length == 0) return null;
        var draft = fleet.Copy();
        var moves = new List<JobMove>();
        foreach (var one in elastic)
        {
            var smaller = Smaller(one, Floor(one, job), draft);
            draft.Hold(one.Groups, -one.Job.Gang.GpusPerWorker);
            draft.Hold(smaller.Groups, one.Job.Gang.GpusPerWorker);
            moves.Add(new(one, smaller, MoveKind.Shrink, job.Id));
            if (draft.Place(job) is { Failure: PlacementFailure.None } placement)
            {
                fleet.Searched(draft);
                return (moves, placement);
            }
        }
        fleet.Searched(draft);
        return null;
    }

    private static int Floor(PlacedJob placed, TrainingJob job) => placed.Job.Priority < job.Priority ? placed.Job.Gang.Least : placed.Job.Gang.Workers;

    /// <summary>The same place with fewer workers: the last nodes in the order of ranks are left first, so that as few as can be stay begun.</summary>
    internal static GangPlacement Smaller(PlacedJob placed, int workers, FleetDraft fleet)
    {
        var kept = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (node, count) in placed.Groups.Where(g => !placed.Lost.Contains(g.Node)).OrderByDescending(static g => g.Workers))
        {
            var here = Math.Min(count, workers);
            if (here == 0) break;
            kept[node] = here;
            workers -= here;
        }
        return FabricTree.Describe(fleet.Nodes, kept);
    }

    /// <summary>Jobs of lower priority, those first that lose the least; none of them can be left out.</summary>
    private (IReadOnlyList<JobVacate> Vacates, GangPlacement Placement)? Preempt(TrainingJob job, FleetDraft fleet)
    {
        // Whose GPUs do not suit it can be no help.
        var suits = fleet.Nodes.Where(n => job.Gang.Room(n with { FreeGpus = n.Gpus }) > 0 && fleet.Allows(job, n.Id)).Select(static n => n.Id).ToHashSet(StringComparer.Ordinal);
        var victims = input.Placed
            .Where(p => !p.Busy && p.Job.Preemptible && p.Job.Priority < job.Priority && p.Groups.Any(g => suits.Contains(g.Node)))
            .OrderBy(static p => p.Job.Priority).ThenBy(p => p.Gpus * p.Unsaved(input.Now).TotalSeconds).ThenBy(static p => p.Job.Id, StringComparer.Ordinal).ToArray();
        // Twice as many each time, so that few searches tell how many are enough.
        for (var count = 1; count <= victims.Length; count = count < victims.Length ? Math.Min(count * 2, victims.Length) : int.MaxValue)
        {
            if (Without(job, fleet, victims[..count]) is not { } placement) continue;
            var chosen = victims[..count].ToList();
            // Those first that lose the most; of very many some may be left that could have stayed.
            foreach (var stays in victims[..count].Reverse().Take(MaxVictims))
            {
                PlacedJob[] fewer = [.. chosen.Where(v => v != stays)];
                if (fewer.Length > 0 && Without(job, fleet, fewer) is { } other) (chosen, placement) = ([.. fewer], other);
            }
            return ([.. chosen.Select(v => new JobVacate(v, job.Id))], placement);
        }
        return null;
    }

    /// <summary>The place of a job when others are gone; null when there is none even then.</summary>
    private static GangPlacement? Without(TrainingJob job, FleetDraft fleet, IReadOnlyList<PlacedJob> gone)
    {
        var draft = fleet.Copy();
        foreach (var one in gone) draft.Hold(one.Groups, -one.Job.Gang.GpusPerWorker);
        var placement = draft.Place(job);
        fleet.Searched(draft);
        return placement.Failure == PlacementFailure.None ? placement : null;
    }

    /// <summary>Jobs that may be moved go closer together: the smallest, whose move costs the least.</summary>
    private (IReadOnlyList<JobMove> Moves, GangPlacement Placement)? Consolidate(TrainingJob job, FleetDraft fleet)
    {
        var movers = input.Placed.Where(p => !p.Busy && p.Lost.Count == 0 && p.Job.Preemptible && p.Job.Priority <= job.Priority)
            .OrderBy(static p => p.Gpus).ThenBy(static p => p.Job.Id, StringComparer.Ordinal).Take(MaxMovers).ToDictionary(static p => p.Job.Id, StringComparer.Ordinal);
        if (movers.Count == 0) return null;
        var gangs = movers.Values.Select(p => new MovableGang(p.Job.Id, p.Job.Gang, p.Groups) { MayUse = n => fleet.Allows(p.Job, n) }).ToArray();
        if (GangConsolidation.Plan(job.Gang, fleet.For(job, lent: false), gangs, job.Placer) is not { Moves.Count: > 0 } plan) return null;
        // Who goes where another still is waits until that one has left: the next plan finds the place free.
        var draft = fleet.Copy();
        JobMove[] moves = [.. plan.Moves.Where(m => draft.TryHold(Added(movers[m.Id], m.Placement), movers[m.Id].Job.Gang.GpusPerWorker)).Select(m => new JobMove(movers[m.Id], m.Placement, MoveKind.Consolidate, job.Id))];
        return moves.Length > 0 ? (moves, plan.Placement) : null;
    }

    /// <summary>What a job takes that it does not have.</summary>
    private static WorkerGroup[] Added(PlacedJob placed, GangPlacement to)
    {
        var has = placed.Groups.ToDictionary(static g => g.Node, static g => g.Workers, StringComparer.Ordinal);
        return [.. to.Groups.Select(g => g with { Workers = Math.Max(0, g.Workers - has.GetValueOrDefault(g.Node)) })];
    }
}
