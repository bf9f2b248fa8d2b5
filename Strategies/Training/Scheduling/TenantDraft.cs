namespace InferMesh.Strategies.Training.Scheduling;

/// <summary>What tenants have while a plan is made. Not thread-safe.</summary>
internal sealed class TenantDraft
{
    private static readonly TenantTerms Unlimited = new();

    private readonly SchedulerInput _input;
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), int> _heldByProject = [];
    private readonly int _gpus;

    public TenantDraft(SchedulerInput input)
    {
        _input = input;
        _gpus = Math.Max(1, input.Nodes.Sum(static n => n.Gpus));
        foreach (var placed in input.Placed.Concat(input.Elsewhere)) Take(placed.Job, placed.Gpus + placed.GpusToCome);
    }

    public void Take(TrainingJob job, int gpus)
    {
        _held[job.Tenant] = _held.GetValueOrDefault(job.Tenant) + gpus;
        if (job.Project.Length > 0) _heldByProject[(job.Tenant, job.Project)] = _heldByProject.GetValueOrDefault((job.Tenant, job.Project)) + gpus;
    }

    /// <summary>What a tenant has used and has now, over its weight: what it has counts as an hour's use, so that one that takes more gets its next turn later.</summary>
    public double ShareOf(string tenant)
    {
        var terms = Terms(tenant);
        return (terms.Usage + ((double)_held.GetValueOrDefault(tenant) / _gpus)) / terms.Weight;
    }

    /// <summary>GPUs that a job's tenant and project may still take.</summary>
    public int Room(TrainingJob job)
    {
        var terms = Terms(job.Tenant);
        var room = terms.MaxGpus is { } most ? most - _held.GetValueOrDefault(job.Tenant) : int.MaxValue;
        return job.Project.Length > 0 && terms.ProjectMaxGpus.TryGetValue(job.Project, out var limit)
            ? Math.Min(room, limit - _heldByProject.GetValueOrDefault((job.Tenant, job.Project)))
            : room;
    }

    /// <summary>Tenants of which nothing can start.</summary>
    public IReadOnlySet<string> Full => _input.Tenants.Keys.Where(IsFull).ToHashSet(StringComparer.Ordinal);

    /// <summary>Nothing of a tenant can start, whatever it needs.</summary>
    public bool IsFull(string tenant) => Terms(tenant).MaxGpus is { } most && _held.GetValueOrDefault(tenant) >= most;

    /// <summary>The gang as far as its tenant may have it; null when that is not enough for it.</summary>
    public Gang? Allowed(TrainingJob job)
    {
        var workers = Math.Max(0, Room(job)) / job.Gang.GpusPerWorker;
        return workers < job.Gang.Least ? null : workers < job.Gang.Workers ? job.Gang with { Workers = workers, MinWorkers = job.Gang.Least } : job.Gang;
    }

    private TenantTerms Terms(string tenant) => _input.Tenants.GetValueOrDefault(tenant, Unlimited);
}
