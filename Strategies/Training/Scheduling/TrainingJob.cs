namespace InferMesh.Strategies.Training.Scheduling;

/// <summary>A job as the scheduler sees it.</summary>
public sealed record TrainingJob
{
    /// <summary>Id.</summary>
    public required string Id { get; init; }

    /// <summary>Tenant that it is counted for.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>Project within the tenant; "" for none.</summary>
    public string Project { get; init; } = "";

    /// <summary>A higher one goes first.</summary>
    public int Priority { get; init; }

    /// <summary>When it was submitted.</summary>
    public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>What it needs: <see cref="Gang.Workers"/> as many as it should have now, <see cref="Gang.MinWorkers"/> as many as do.</summary>
    public required Gang Gang { get; init; }

    /// <summary>Most workers that it can make use of; 0 means as many as it should have.</summary>
    public int MaxWorkers { get; init; }

    /// <summary>Strategy that places it; "" for the default.</summary>
    public string Strategy { get; init; } = "";

    /// <summary>Places it where <see cref="Strategy"/> is none of the catalogue, such as a plugin; null for one of the catalogue. Jobs of one plan with equal names of strategies have equal ones.</summary>
    public ITrainingStrategy? Other { get; init; }

    /// <summary>Whether others may take its place.</summary>
    public bool Preemptible { get; init; } = true;

    /// <summary>How long it runs in all; null when unknown.</summary>
    public TimeSpan? Expected { get; init; }

    /// <summary>Nodes that it must not go to for now.</summary>
    public IReadOnlySet<string> Avoid { get; init; } = new HashSet<string>();

    /// <summary>Its step, as far as known; null when not.</summary>
    public TrainingStep? Step { get; init; }

    /// <summary>GPUs that it needs at least.</summary>
    public int LeastGpus => Gang.Least * Gang.GpusPerWorker;

    /// <summary>Strategy that places it.</summary>
    internal ITrainingStrategy Placer => Other ?? TrainingCatalog.Create(Strategy.Length > 0 ? Strategy : TrainingCatalog.Default);

    /// <summary>The same for jobs that find a place or none alike.</summary>
    internal string Shape => _shape ??= string.Join(
        '|',
        Strategy, Gang.Workers, Gang.Least, Gang.GpusPerWorker, Gang.BytesPerGpu, Gang.Required, Gang.Preferred, Preemptible,
        string.Join(',', Gang.Throughput.OrderBy(static t => t.Key, StringComparer.Ordinal).Select(static t => $"{t.Key}={t.Value:R}")), string.Join(',', Avoid.Order(StringComparer.Ordinal)));

    private string? _shape;
}

/// <summary>A job that has GPUs.</summary>
public sealed record PlacedJob
{
    /// <summary>The job.</summary>
    public required TrainingJob Job { get; init; }

    /// <summary>Where its workers are.</summary>
    public required IReadOnlyList<WorkerGroup> Groups { get; init; }

    /// <summary>Since when it is there.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When it began to run first.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it wrote its last checkpoint; null when it has none.</summary>
    public DateTimeOffset? CheckpointAt { get; init; }

    /// <summary>Nodes of its groups that are lost.</summary>
    public IReadOnlySet<string> Lost { get; init; } = new HashSet<string>();

    /// <summary>It is on its way to somewhere: nothing is done to it.</summary>
    public bool Busy { get; init; }

    /// <summary>Workers that it is about to leave behind, with those of a job that ends or goes elsewhere.</summary>
    public IReadOnlyList<WorkerGroup> Leaving { get; init; } = [];

    /// <summary>When they are gone at the latest; null when it leaves nothing.</summary>
    public DateTimeOffset? LeavesBy { get; init; }

    /// <summary>GPUs that it is about to take beside those that it has.</summary>
    public int GpusToCome { get; init; }

    /// <summary>What a move costs it, beside what it has done since its checkpoint.</summary>
    public TimeSpan RestartCost { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Workers.</summary>
    public int Workers => Groups.Sum(static g => g.Workers);

    /// <summary>GPUs.</summary>
    public int Gpus => Workers * Job.Gang.GpusPerWorker;

    /// <summary>What is lost when it is stopped at once.</summary>
    internal TimeSpan Unsaved(DateTimeOffset now) => now - (CheckpointAt is { } saved && saved > Since ? saved : Since);

    /// <summary>When it should end. Where nobody says, it goes on for as long as it has run (Lindy's law): the longer, the longer.</summary>
    internal DateTimeOffset ExpectedEnd(DateTimeOffset now, TimeSpan shortest)
    {
        if (LeavesBy is { } leaves && Leaving.Sum(static g => g.Workers) == Workers) return leaves > now ? leaves : now;
        var left = Job.Expected is { } expected ? StartedAt + expected - now : now - StartedAt;
        return now + (left > shortest ? left : shortest);
    }
}

/// <summary>What a tenant may have, and has had.</summary>
public sealed record TenantTerms
{
    /// <summary>GPUs that its jobs may have at once; null for no limit.</summary>
    public int? MaxGpus { get; init; }

    /// <summary>The same by project; a project that is not named has none of its own.</summary>
    public IReadOnlyDictionary<string, int> ProjectMaxGpus { get; init; } = new Dictionary<string, int>();

    /// <summary>Weight of its share, above 0.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Nodes that its jobs may go to; null for all.</summary>
    public IReadOnlySet<string>? Nodes { get; init; }

    /// <summary>Time-decayed use of its dominant resource (<see cref="FairShare"/>).</summary>
    public double Usage { get; init; }
}
