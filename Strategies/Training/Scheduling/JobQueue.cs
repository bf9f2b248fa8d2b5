namespace InferMesh.Strategies.Training.Scheduling;

/// <summary>
/// Jobs that wait, a line per tenant: by priority, then by when they were submitted. To put or take one costs the logarithm of the line's length, and the order is made only as far as it is
/// read. Not thread-safe.
/// </summary>
public sealed class JobQueue
{
    private readonly Dictionary<string, TrainingJob> _jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedSet<TrainingJob>> _lines = new(StringComparer.Ordinal);

    /// <summary>Jobs that wait.</summary>
    public int Count => _jobs.Count;

    /// <summary>Tenants with jobs that wait.</summary>
    public IReadOnlyCollection<string> Tenants => _lines.Keys;

    /// <summary>Jobs of a tenant that wait.</summary>
    public int CountOf(string tenant) => _lines.TryGetValue(tenant, out var line) ? line.Count : 0;

    /// <summary>The job of an id; null when it does not wait.</summary>
    public TrainingJob? Find(string id) => _jobs.GetValueOrDefault(id);

    /// <summary>Puts a job in line, in place of what was known of it.</summary>
    public void Put(TrainingJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        Remove(job.Id);
        _jobs[job.Id] = job;
        if (!_lines.TryGetValue(job.Tenant, out var line)) _lines[job.Tenant] = line = new(Turn.Instance);
        line.Add(job);
    }

    /// <summary>Takes a job out of line; false when it was not there.</summary>
    public bool Remove(string id)
    {
        if (!_jobs.Remove(id, out var job)) return false;
        var line = _lines[job.Tenant];
        line.Remove(job);
        if (line.Count == 0) _lines.Remove(job.Tenant);
        return true;
    }

    /// <summary>Jobs in their turn: by priority, among equals the tenant with the least use over its weight, then the oldest. Read it to the end before the queue is changed.</summary>
    /// <param name="share">What a tenant has used over its weight; asked again each time one of its jobs was taken, so that it may grow meanwhile.</param>
    /// <param name="isClosed">Whether the rest of a tenant's line is left out; null leaves out none.</param>
    public IEnumerable<TrainingJob> InTurn(Func<string, double> share, Func<string, bool>? isClosed = null)
    {
        ArgumentNullException.ThrowIfNull(share);
        var heads = new PriorityQueue<IEnumerator<TrainingJob>, (int Priority, double Share, long Submitted, string Id)>();
        foreach (var (_, line) in _lines) Advance(line.GetEnumerator());
        while (heads.TryDequeue(out var head, out _))
        {
            yield return head.Current;
            Advance(head);
        }

        void Advance(IEnumerator<TrainingJob> line)
        {
            if (!line.MoveNext()) return;
            var job = line.Current;
            if (isClosed?.Invoke(job.Tenant) ?? false) return;
            heads.Enqueue(line, (-job.Priority, share(job.Tenant), job.SubmittedAt.UtcTicks, job.Id));
        }
    }

    /// <summary>Jobs of the same tenant that go before one; null when it does not wait.</summary>
    public int? PositionInTenant(string id)
    {
        if (!_jobs.TryGetValue(id, out var job)) return null;
        return _lines[job.Tenant].TakeWhile(j => j.Id != id).Count();
    }

    private sealed class Turn : IComparer<TrainingJob>
    {
        public static readonly Turn Instance = new();

        public int Compare(TrainingJob? x, TrainingJob? y)
        {
            if (ReferenceEquals(x, y)) return 0;
            if (x is null || y is null) return x is null ? -1 : 1;
            var order = y.Priority.CompareTo(x.Priority);
            if (order == 0) order = x.SubmittedAt.UtcTicks.CompareTo(y.SubmittedAt.UtcTicks);
            return order != 0 ? order : string.CompareOrdinal(x.Id, y.Id);
        }
    }
}
