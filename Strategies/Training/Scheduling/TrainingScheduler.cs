namespace InferMesh.Strategies.Training.Scheduling;

/// <summary>
/// Decides what is done next with all jobs together: repairs first, then those that wait in their turn, then what makes running ones better. The first job that finds no room has room made or
/// kept for it, and those behind it may only use what it does not need by then (EASY backfill: Lifka, "The ANL/IBM SP scheduling system", 1995). A job is started only with a place for all
/// workers that it needs. Pure: the same input gives the same plan.
/// </summary>
public static class TrainingScheduler
{
    /// <summary>Makes a plan.</summary>
    /// <param name="queue">Jobs that wait.</param>
    /// <param name="input">The rest.</param>
    public static SchedulerPlan Plan(JobQueue queue, SchedulerInput input)
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentNullException.ThrowIfNull(input);
        var draft = new PlanDraft(input);
        draft.Repair();
        draft.Resize();
        draft.Serve(queue);
        if (draft.IsQuiet) draft.Improve();
        return draft.Result();
    }
}

/// <summary>One plan while it is made.</summary>
internal sealed class PlanDraft(SchedulerInput input)
{
    private readonly FleetDraft _fleet = new(input);
    private readonly TenantDraft _tenants = new(input);
    private readonly List<JobStart> _starts = [];
    private readonly List<JobMove> _moves = [];
    private readonly List<JobVacate> _vacates = [];
    private readonly Dictionary<string, WaitReason> _waits = new(StringComparer.Ordinal);
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);
    private Reservation? _reservation;
    private FleetDraft? _unreserved;
    private int _roomSearches;

    /// <summary>Nobody waits for anything, and nobody is on the way.</summary>
    public bool IsQuiet => _reservation is null && _starts.Count == 0 && _vacates.Count == 0 && _moves.Count == 0 && input.Placed.All(static p => !p.Busy);

    public SchedulerPlan Result() => new() { Starts = _starts, Moves = _moves, Vacates = _vacates, Waits = _waits, FullTenants = _tenants.Full, Reservation = _reservation, Searches = _fleet.Searches };

    /// <summary>Jobs that lost nodes: the lost workers go elsewhere, or the job goes on without them, or it waits.</summary>
    public void Repair()
    {
        foreach (var placed in input.Placed.Where(static p => !p.Busy && p.Lost.Count > 0))
        {
            var gang = placed.Job.Gang with { Workers = Math.Max(placed.Workers, placed.Job.Gang.Least) };
            var elsewhere = GangRepair.Replace(gang, placed.Groups, placed.Lost, _fleet.For(placed.Job, placed.Job.Preemptible));
            var left = placed.Groups.Where(g => !placed.Lost.Contains(g.Node)).Sum(static g => g.Workers);
            if (elsewhere.Failure == PlacementFailure.None) Move(placed, elsewhere, MoveKind.Repair);
            else if (left > 0 && left >= placed.Job.Gang.Least) Move(placed, RoomMaker.Smaller(placed, left, _fleet), MoveKind.Shrink);
            else Vacate(placed, "");
        }
    }

    /// <summary>Jobs that their owners want smaller, or larger than they are: the latter as soon as there is room.</summary>
    public void Resize()
    {
        foreach (var placed in input.Placed.Where(static p => !p.Busy && p.Lost.Count == 0))
        {
            var gang = placed.Job.Gang;
            if (placed.Job.MaxWorkers > 0 && placed.Workers > placed.Job.MaxWorkers) Move(placed, RoomMaker.Smaller(placed, placed.Job.MaxWorkers, _fleet), MoveKind.Shrink);
            else if (placed.Workers < gang.Least && (gang.Least - placed.Workers) * gang.GpusPerWorker <= _tenants.Room(placed.Job)) Enlarge(placed);
        }
    }

    /// <summary>Jobs that wait, in their turn.</summary>
    public void Serve(JobQueue queue)
    {
        var failed = new Dictionary<string, WaitReason>(StringComparer.Ordinal);
        var (searched, seen) = (0, 0);
        foreach (var job in InTurn(queue))
        {
            if (searched >= input.Options.MaxConsidered || seen++ >= input.Options.MaxSeen) break;
            if (_tenants.Allowed(job) is not { } gang)
            {
                _waits[job.Id] = WaitReason.Quota;
                continue;
            }
            // Kept room is closed to those only that would still be there when it is needed.
            if (failed.TryGetValue(_fleet.Shape(job), out var known) && (known != WaitReason.Reserved || !EndsBefore(job, _reservation!.At)))
            {
                _waits[job.Id] = known;
                continue;
            }
            searched++;
            if (TryStart(job, gang)) continue;
            if (_waits[job.Id] is not WaitReason.RoomIsMade) failed[_fleet.Shape(job)] = _waits[job.Id];
        }
    }

    /// <summary>Jobs in their turn, but the one that room was made for before others of its priority.</summary>
    private IEnumerable<TrainingJob> InTurn(JobQueue queue)
    {
        var first = queue.Find(input.RoomFor);
        foreach (var job in queue.InTurn(_tenants.ShareOf, _tenants.IsFull))
        {
            if (first is not null && job.Priority <= first.Priority)
            {
                yield return first;
                first = null;
            }
            if (job.Id != input.RoomFor) yield return job;
        }
    }

    /// <summary>What is left over makes a running job larger, or a better place for one: one at a time, and only where it pays.</summary>
    public void Improve()
    {
        foreach (var placed in input.Placed.Where(IsSettled).OrderByDescending(static p => p.Job.Priority).ThenBy(p => _tenants.ShareOf(p.Job.Tenant)).ThenBy(static p => p.Job.Id, StringComparer.Ordinal))
        {
            if (JobImprovement.Find(placed, input, _fleet, _tenants.Room(placed.Job)) is not { } move) continue;
            Move(move.Job, move.Placement, move.Kind);
            return;
        }
    }

    private void Enlarge(PlacedJob placed)
    {
        var draft = _fleet.Copy();
        draft.Hold(placed.Groups, -placed.Job.Gang.GpusPerWorker);
        var larger = draft.Place(placed.Job);
        _fleet.Searched(draft);
        if (larger.Failure == PlacementFailure.None) Move(placed, larger, MoveKind.Grow);
    }

    private bool TryStart(TrainingJob job, Gang gang)
    {
        var fleet = _fleet;
        var placement = fleet.PlaceApart(job, gang);
        if (placement.Failure == PlacementFailure.None && _reservation is { } kept && !EndsBefore(job, kept.At))
        {
            // Beside what is kept: what fits there delays nobody.
            placement = _unreserved!.PlaceApart(job, gang);
            if (placement.Failure != PlacementFailure.None)
            {
                _waits[job.Id] = WaitReason.Reserved;
                return false;
            }
        }
        if (placement.Failure == PlacementFailure.None)
        {
            _starts.Add(new(job, placement, _reservation is not null));
            Hold(placement.Groups, gang.GpusPerWorker);
            _fleet.Use(job, placement.Groups);
            _unreserved?.Use(job, placement.Groups);
            _tenants.Take(job, placement.Workers * gang.GpusPerWorker);
            return true;
        }
        _waits[job.Id] = Reason(placement.Failure);
        if (_reservation is null && placement.Failure is PlacementFailure.NotEnoughFree or PlacementFailure.DomainTooSmall) MakeOrKeepRoom(job);
        return false;
    }

    private bool EndsBefore(TrainingJob job, DateTimeOffset at) => job.Expected is { } expected && input.Now + expected <= at;

    private void MakeOrKeepRoom(TrainingJob job)
    {
        if (_roomSearches++ >= input.Options.MaxRoomSearches) return;
        if (RoomThatIsMade(job) is { } made)
        {
            // More victims would be some too many.
            _waits[job.Id] = WaitReason.RoomIsMade;
            Reserve(made);
            return;
        }
        if (new RoomMaker(input with { Placed = [.. input.Placed.Where(p => !_touched.Contains(p.Job.Id))] }).For(job, _fleet) is var (moves, vacates, placement))
        {
            foreach (var move in moves) Move(move.Job, move.Placement, move.Kind, job.Id);
            foreach (var vacate in vacates) Vacate(vacate.Job, job.Id);
            _waits[job.Id] = WaitReason.RoomIsMade;
            Reserve(new(job, placement.Groups, input.Now));
            return;
        }
        Keep(job);
    }

    /// <summary>Where it goes when those have left who are about to; null when that is not enough.</summary>
    private Reservation? RoomThatIsMade(TrainingJob job)
    {
        PlacedJob[] leaving = [.. input.Placed.Where(static p => p.LeavesBy is not null)];
        if (leaving.Length == 0) return null;
        var draft = _fleet.Copy();
        foreach (var one in leaving) draft.Hold(one.Leaving, -one.Job.Gang.GpusPerWorker);
        var placement = draft.Place(job);
        _fleet.Searched(draft);
        return placement.Failure == PlacementFailure.None ? new(job, placement.Groups, leaving.Max(static p => p.LeavesBy!.Value)) : null;
    }

    /// <summary>Keeps the room that ends of running jobs will make, as soon as they are enough.</summary>
    private bool Keep(TrainingJob job)
    {
        if (!input.Options.Reserve) return false;
        var begun = _starts.Select(s => new PlacedJob { Job = s.Job, Groups = s.Placement.Groups, Since = input.Now, StartedAt = input.Now });
        var ends = input.Placed.Where(p => !_touched.Contains(p.Job.Id)).Concat(begun).Select(p => (Job: p, At: p.ExpectedEnd(input.Now, input.Options.ShortestRest))).OrderBy(static e => e.At).ThenBy(static e => e.Job.Job.Id, StringComparer.Ordinal).ToArray();
        var (low, high) = (1, ends.Length);
        (GangPlacement Placement, DateTimeOffset At)? found = null;
        // More that end make more room, so the first number that is enough is found by halves.
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var draft = _fleet.Copy();
            foreach (var end in ends[..middle]) draft.Hold(end.Job.Groups, -end.Job.Job.Gang.GpusPerWorker);
            var placement = draft.Place(job);
            _fleet.Searched(draft);
            if (placement.Failure == PlacementFailure.None) (found, high) = ((placement, ends[middle - 1].At), middle - 1);
            else low = middle + 1;
        }
        if (found is not var (kept, at)) return false;
        Reserve(new(job, kept.Groups, at));
        return true;
    }

    private void Reserve(Reservation reservation)
    {
        _reservation = reservation;
        _unreserved = _fleet.Copy();
        _unreserved.Hold(reservation.Groups, reservation.Job.Gang.GpusPerWorker);
    }

    private void Hold(IReadOnlyList<WorkerGroup> groups, int gpusPerWorker)
    {
        _fleet.Hold(groups, gpusPerWorker);
        _unreserved?.Hold(groups, gpusPerWorker);
    }

    /// <summary>What a job leaves is free only when it has left; what it goes to is taken at once.</summary>
    private void Move(PlacedJob placed, GangPlacement placement, MoveKind kind, string @for = "")
    {
        _moves.Add(new(placed, placement, kind, @for));
        _touched.Add(placed.Job.Id);
        var has = placed.Groups.ToDictionary(static g => g.Node, static g => g.Workers, StringComparer.Ordinal);
        Hold([.. placement.Groups.Select(g => g with { Workers = Math.Max(0, g.Workers - has.GetValueOrDefault(g.Node)) })], placed.Job.Gang.GpusPerWorker);
        _tenants.Take(placed.Job, Math.Max(0, placement.Workers - placed.Workers) * placed.Job.Gang.GpusPerWorker);
    }

    private void Vacate(PlacedJob placed, string @for)
    {
        _vacates.Add(new(placed, @for));
        _touched.Add(placed.Job.Id);
    }

    private bool IsSettled(PlacedJob placed) => !placed.Busy && placed.Lost.Count == 0 && input.Now - placed.Since >= input.Options.SettledAfter;

    private static WaitReason Reason(PlacementFailure failure) => failure switch
    {
        PlacementFailure.NoSuchGpu => WaitReason.NoSuchGpu,
        PlacementFailure.TooLarge => WaitReason.TooLarge,
        PlacementFailure.DomainTooSmall => WaitReason.DomainTooSmall,
        _ => WaitReason.NotEnoughFree,
    };
}
