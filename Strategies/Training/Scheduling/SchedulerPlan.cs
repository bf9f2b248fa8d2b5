namespace InferMesh.Strategies.Training.Scheduling;

/// <summary>All that a plan is made from, beside the queue.</summary>
public sealed record SchedulerInput
{
    /// <summary>Now.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Nodes that take work, with what nobody holds.</summary>
    public required IReadOnlyList<TrainingNode> Nodes { get; init; }

    /// <summary>Of those, nodes whose GPUs are serving's: only jobs that may be preempted go there, and only when nothing else is free.</summary>
    public IReadOnlySet<string> Lendable { get; init; } = new HashSet<string>();

    /// <summary>Jobs that have GPUs.</summary>
    public IReadOnlyList<PlacedJob> Placed { get; init; } = [];

    /// <summary>Jobs that have other kinds of device: they count for quotas alone.</summary>
    public IReadOnlyList<PlacedJob> Elsewhere { get; init; } = [];

    /// <summary>
    /// Job that the plan before made room for (<see cref="SchedulerPlan.RoomFor"/>); "" for none. It goes before others of its priority: turns change with what tenants hold, so with who has left
    /// for it, and who left for one must not have left for another.
    /// </summary>
    public string RoomFor { get; init; } = "";

    /// <summary>Terms by tenant; one that is not named has no limits and a weight of 1.</summary>
    public IReadOnlyDictionary<string, TenantTerms> Tenants { get; init; } = new Dictionary<string, TenantTerms>();

    /// <summary>Knobs.</summary>
    public SchedulerOptions Options { get; init; } = new();
}

/// <summary>Knobs of the scheduler.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Jobs for which a plan looks for a place, 1 or more: those behind them wait for the next ones.</summary>
    public int MaxConsidered { get; init; } = 256;

    /// <summary>Jobs that a plan looks at in all, those among them that wait for the same reason as one before.</summary>
    public int MaxSeen { get; init; } = 10_000;

    /// <summary>Jobs for which a plan finds out how room could be made or kept.</summary>
    public int MaxRoomSearches { get; init; } = 8;

    /// <summary>Whether jobs may be preempted by ones of higher priority.</summary>
    public bool Preempt { get; init; } = true;

    /// <summary>How long a job must have waited before others are moved closer together for it.</summary>
    public TimeSpan ConsolidateAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a job must have been in its place before it is made larger or moved to a better one.</summary>
    public TimeSpan SettledAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What a job gains by a move must be so many times what it costs.</summary>
    public double GainOverCost { get; init; } = 2;

    /// <summary>What a job that says nothing is expected to go on for at least.</summary>
    public TimeSpan ShortestRest { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether room is kept for the first job that finds none, so that smaller ones behind it do not keep it waiting for ever.</summary>
    public bool Reserve { get; init; } = true;
}

/// <summary>A job that gets a place.</summary>
/// <param name="Job">The job.</param>
/// <param name="Placement">The place.</param>
/// <param name="Backfilled">It goes before one that waits for more room, which it does not delay.</param>
public sealed record JobStart(TrainingJob Job, GangPlacement Placement, bool Backfilled);

/// <summary>Why a job that has a place gets another.</summary>
public enum MoveKind : byte
{
    /// <summary>Workers of lost nodes go elsewhere; the others stay.</summary>
    Repair = 0,

    /// <summary>It goes on without what it lost, or gives up what it can do without.</summary>
    Shrink,

    /// <summary>It takes what is free.</summary>
    Grow,

    /// <summary>It makes room for a job that does not fit otherwise.</summary>
    Consolidate,

    /// <summary>It is faster there, by more than the move costs.</summary>
    Rebalance,
}

/// <summary>A job that moves.</summary>
/// <param name="Job">The job.</param>
/// <param name="Placement">Where to.</param>
/// <param name="Kind">Why.</param>
/// <param name="For">Job that it makes room for; "" for none.</param>
public sealed record JobMove(PlacedJob Job, GangPlacement Placement, MoveKind Kind, string For = "");

/// <summary>A job that gives up its place.</summary>
/// <param name="Job">The job.</param>
/// <param name="For">Job that it makes room for; "" when its own nodes are lost and there is no other place.</param>
public sealed record JobVacate(PlacedJob Job, string For);

/// <summary>Why a job waits.</summary>
public enum WaitReason : byte
{
    /// <summary>The plan did not come to it yet.</summary>
    NotConsidered = 0,

    /// <summary>Its tenant or project has as many GPUs as it may.</summary>
    Quota,

    /// <summary>No node has GPUs of a type and memory that do.</summary>
    NoSuchGpu,

    /// <summary>There are too few GPUs in all.</summary>
    TooLarge,

    /// <summary>Too few are free.</summary>
    NotEnoughFree,

    /// <summary>Enough are free, but not in one domain of the level that it requires.</summary>
    DomainTooSmall,

    /// <summary>Others make room for it.</summary>
    RoomIsMade,

    /// <summary>What is free is kept for a job that goes before it.</summary>
    Reserved,
}

/// <summary>Room that is kept for a job.</summary>
/// <param name="Job">The job.</param>
/// <param name="Groups">Where.</param>
/// <param name="At">When it should be free at the latest, as far as jobs say how long they take.</param>
public sealed record Reservation(TrainingJob Job, IReadOnlyList<WorkerGroup> Groups, DateTimeOffset At);

/// <summary>What is to be done now.</summary>
public sealed record SchedulerPlan
{
    /// <summary>Jobs that get a place, in their turn.</summary>
    public IReadOnlyList<JobStart> Starts { get; init; } = [];

    /// <summary>Jobs that move.</summary>
    public IReadOnlyList<JobMove> Moves { get; init; } = [];

    /// <summary>Jobs that give up their place.</summary>
    public IReadOnlyList<JobVacate> Vacates { get; init; } = [];

    /// <summary>Why the jobs wait that the plan looked at.</summary>
    public IReadOnlyDictionary<string, WaitReason> Waits { get; init; } = new Dictionary<string, WaitReason>();

    /// <summary>Tenants that have as many GPUs as they may: none of their jobs was looked at further.</summary>
    public IReadOnlySet<string> FullTenants { get; init; } = new HashSet<string>();

    /// <summary>Room that is kept; null when no job needs that.</summary>
    public Reservation? Reservation { get; init; }

    /// <summary>Job that others make room for; "" for none. The next plan is to know it.</summary>
    public string RoomFor => Reservation is { } kept && Waits.GetValueOrDefault(kept.Job.Id) == WaitReason.RoomIsMade ? kept.Job.Id : "";

    /// <summary>Placements that were looked for.</summary>
    public int Searches { get; init; }
}
