using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Grains.Jobs;

/// <summary>Jobs as the scheduler knows them: those that wait in a line per kind of device, and those that have a place. Not thread-safe.</summary>
internal sealed class JobBook(JobStrategies? strategies = null)
{
    private readonly Dictionary<string, MeshJob> _jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MeshJob> _placed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JobQueue> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _byStrategy = new(StringComparer.Ordinal);

    // Those that will need a look without a change: when a deadline passes, or when a node need not be avoided any more.
    private readonly SortedSet<(DateTimeOffset At, string Id)> _alarms = [];
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    public int Waiting => _queues.Values.Sum(static q => q.Count);

    public IReadOnlyCollection<MeshJob> Placed => _placed.Values;

    /// <summary>Kinds of device that jobs wait for or have: MIG profiles, and "" for whole GPUs.</summary>
    public IReadOnlyCollection<string> Kinds => [.. _queues.Where(static q => q.Value.Count > 0).Select(static q => q.Key).Union(_placed.Values.Select(static j => j.Spec.MigProfile))];

    /// <summary>Strategies that jobs name.</summary>
    public IReadOnlyCollection<string> Strategies => _byStrategy.Keys;

    public MeshJob? Find(string id) => _jobs.GetValueOrDefault(id);

    /// <summary>Jobs that wait for a kind of device.</summary>
    public JobQueue QueueOf(string migProfile) => _queues.TryGetValue(migProfile, out var queue) ? queue : new();

    public void Clear()
    {
        _jobs.Clear();
        _placed.Clear();
        _queues.Clear();
        _byStrategy.Clear();
        _alarms.Clear();
    }

    /// <summary>Takes a job; false when it is no newer than what is known.</summary>
    public bool Put(MeshJob job, DateTimeOffset now)
    {
        // Entered, but not stored yet: it may never be.
        if (job.Version == 0 || (_jobs.TryGetValue(job.Id, out var known) && known.Version >= job.Version)) return false;
        Remove(job.Id);
        if (job.State.IsTerminal()) return true;
        _jobs[job.Id] = job;
        if (job.Spec.Strategy.Length > 0) _byStrategy[job.Spec.Strategy] = _byStrategy.GetValueOrDefault(job.Spec.Strategy) + 1;
        if (job.State.IsPlaced()) _placed[job.Id] = job;
        else if (job.State.IsWaiting())
        {
            if (!_queues.TryGetValue(job.Spec.MigProfile, out var queue)) _queues[job.Spec.MigProfile] = queue = new();
            queue.Put(JobMapping.ToTraining(job, now, strategies));
            foreach (var at in Alarms(job)) _alarms.Add((at, job.Id));
        }
        return true;
    }

    public void Remove(string id)
    {
        if (!_jobs.Remove(id, out var job)) return;
        _placed.Remove(id);
        if (_byStrategy.TryGetValue(job.Spec.Strategy, out var count) && count > 1) _byStrategy[job.Spec.Strategy] = count - 1;
        else _byStrategy.Remove(job.Spec.Strategy);
        if (_queues.TryGetValue(job.Spec.MigProfile, out var queue) && queue.Remove(id) && queue.Count == 0) _queues.Remove(job.Spec.MigProfile);
        foreach (var at in Alarms(job)) _alarms.Remove((at, id));
    }

    /// <summary>Jobs that wait and whose time has come: their deadline has passed, or a node is open to them again.</summary>
    public IReadOnlyList<MeshJob> Due(DateTimeOffset now)
    {
        var due = new List<MeshJob>();
        while (_alarms.Min is var (at, id) && id is not null && at <= now)
        {
            _alarms.Remove((at, id));
            if (!_jobs.TryGetValue(id, out var job)) continue;
            QueueOf(job.Spec.MigProfile).Put(JobMapping.ToTraining(job, now, strategies));
            if (job.Spec.Deadline > now || job.Spec.Deadline is null) continue;
            due.Add(job);
            // Should it not be told this time.
            _alarms.Add((now + Again, id));
        }
        return due;
    }

    private static IEnumerable<DateTimeOffset> Alarms(MeshJob job) => (job.Spec.Deadline is { } deadline ? new[] { deadline } : []).Concat(job.Avoid.Values);
}
