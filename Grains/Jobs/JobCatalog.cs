using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Grains.Jobs;

/// <summary>All jobs in memory, in the orders in which they are asked for. To put one costs the logarithm of their number. Not thread-safe.</summary>
internal sealed class JobCatalog
{
    // Above all ids, which are letters, digits, '.', '_' and '-'.
    private const string Highest = "\uffff";

    private readonly Dictionary<string, (MeshJob Job, long Change)> _jobs = new(StringComparer.Ordinal);
    private readonly SortedSet<(long Submitted, string Id)> _newest = new(Comparer<(long Submitted, string Id)>.Create(static (a, b) => a.Submitted != b.Submitted ? b.Submitted.CompareTo(a.Submitted) : string.CompareOrdinal(b.Id, a.Id)));
    private readonly SortedDictionary<long, string> _changes = [];
    private readonly Dictionary<JobState, int> _byState = [];
    private readonly SortedSet<string> _restless = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _patient = new(StringComparer.Ordinal);
    private readonly SortedSet<(long At, string Id)> _ended = new(Comparer<(long At, string Id)>.Create(static (a, b) => a.At != b.At ? a.At.CompareTo(b.At) : string.CompareOrdinal(a.Id, b.Id)));
    private string _lastRestless = "";
    private string _lastPatient = "";

    /// <summary>Grows with each change.</summary>
    public long Version { get; private set; }

    public int Count => _jobs.Count;

    /// <summary>Jobs that have ended.</summary>
    public int Ended => _ended.Count;

    /// <summary>Those of them that ended first.</summary>
    public IReadOnlyList<string> OldestEnded(int count) => [.. _ended.Take(count).Select(static e => e.Id)];

    /// <summary>A job as lists show it: what may be long is left out.</summary>
    public static MeshJob Listed(MeshJob job) => job.Spec is { Command.Count: 0, Environment.Count: 0 } ? job : job with { Spec = job.Spec with { Command = [], Environment = new Dictionary<string, string>() } };

    /// <summary>Takes a job; false when it is no newer than the one that is there.</summary>
    public bool Put(MeshJob job)
    {
        if (_jobs.TryGetValue(job.Id, out var held))
        {
            if (held.Job.Version >= job.Version) return false;
            _changes.Remove(held.Change);
            _byState[held.Job.State]--;
            Leave(held.Job);
            // The one that was entered may have been another try than the one that was stored.
            if (held.Job.SubmittedAt != job.SubmittedAt) _newest.Remove((held.Job.SubmittedAt.UtcTicks, job.Id));
        }
        _newest.Add((job.SubmittedAt.UtcTicks, job.Id));
        // One that was never stored is no job yet, but somebody has to find out.
        if (job.State.IsTerminal()) _ended.Add((job.EndedAt?.UtcTicks ?? 0, job.Id));
        else (job.State.IsWaiting() && job.Version > 0 ? _patient : _restless).Add(job.Id);
        _jobs[job.Id] = (job, ++Version);
        _changes[Version] = job.Id;
        _byState[job.State] = _byState.GetValueOrDefault(job.State) + 1;
        return true;
    }

    public void Remove(string id)
    {
        if (!_jobs.Remove(id, out var held)) return;
        _changes.Remove(held.Change);
        _byState[held.Job.State]--;
        _newest.Remove((held.Job.SubmittedAt.UtcTicks, id));
        Leave(held.Job);
        Version++;
    }

    public MeshJob? Find(string id) => _jobs.TryGetValue(id, out var held) ? held.Job : null;

    /// <summary>The next jobs that have not ended, round and round: mostly those that are not simply waiting, which is what may change unseen.</summary>
    public IReadOnlyList<MeshJob> NextOpen(int count)
    {
        var next = Next(_restless, ref _lastRestless, count - (count / 4));
        next.AddRange(Next(_patient, ref _lastPatient, count - next.Count));
        return next;
    }

    /// <summary>Jobs that match, newest first.</summary>
    public JobPage List(JobQuery query)
    {
        var byState = query.CountsOwnOnly ? _jobs.Values.Where(held => IsOf(held.Job, query)).CountBy(static held => held.Job.State).ToDictionary()
            : _byState.Where(static s => s.Value > 0).ToDictionary(static s => s.Key, static s => s.Value);
        var limit = Math.Clamp(query.Limit, 1, 1000);
        var states = query.States.ToHashSet();
        var everything = states.Count == 0 && query is { Tenant: "", Project: "", Name: "", Node: "" };
        var page = new List<MeshJob>();
        // From where the last page ended, without a look at what was on it: it may be gone, and another's it must not tell of.
        var after = (Submitted: query.AfterSubmitted, Id: query.After);
        var rest = after.Id.Length == 0 ? _newest : _newest.GetViewBetween(after, (long.MinValue, ""));
        foreach (var (submitted, id) in rest)
        {
            if ((submitted, id) == after || !Matches(_jobs[id].Job, query, states)) continue;
            page.Add(_jobs[id].Job);
            if (page.Count > limit) break;
        }
        var total = everything ? _jobs.Count : _jobs.Values.Count(held => Matches(held.Job, query, states));
        var more = page.Count > limit;
        return new(more ? page[..limit] : page, more, total, byState);
    }

    /// <summary>Jobs that have changed since a version, in the order of their changes, at most so many.</summary>
    public IReadOnlyList<MeshJob> ChangedSince(long version, int max, out long upTo)
    {
        upTo = version;
        if (Version <= version) return [];
        var jobs = new List<MeshJob>();
        // From the newest back: a reader that keeps up is a few changes behind, whatever there is.
        foreach (var (change, id) in Newest(version))
        {
            jobs.Add(_jobs[id].Job);
            upTo = change;
            if (jobs.Count == max) return jobs;
        }
        upTo = Version;
        return jobs;
    }

    private IEnumerable<KeyValuePair<long, string>> Newest(long version)
    {
        if (version == 0)
        {
            foreach (var change in _changes) yield return change;
            yield break;
        }
        for (var change = version + 1; change <= Version; change++)
        {
            if (_changes.TryGetValue(change, out var id)) yield return new(change, id);
        }
    }

    private void Leave(MeshJob job)
    {
        _restless.Remove(job.Id);
        _patient.Remove(job.Id);
        _ended.Remove((job.EndedAt?.UtcTicks ?? 0, job.Id));
    }

    private List<MeshJob> Next(SortedSet<string> ids, ref string last, int count)
    {
        var found = new List<MeshJob>();
        var from = last;
        foreach (var id in ids.GetViewBetween(from, Highest).Where(id => id != from).Take(count)) found.Add(_jobs[id].Job);
        // At the end it begins anew, the next time.
        last = found.Count == count ? found[^1].Id : "";
        return found;
    }

    private static bool IsOf(MeshJob job, JobQuery query) => (query.Tenant.Length == 0 || job.Spec.Tenant == query.Tenant) && (query.Project.Length == 0 || job.Spec.Project == query.Project);

    private static bool Matches(MeshJob job, JobQuery query, HashSet<JobState> states) =>
        (states.Count == 0 || states.Contains(job.State))
        && IsOf(job, query)
        && (query.Name.Length == 0 || (query.Name.EndsWith('*') ? job.Spec.Name.StartsWith(query.Name[..^1], StringComparison.Ordinal) : job.Spec.Name == query.Name))
        && (query.Node.Length == 0 || (job.Placement?.Groups.Any(g => g.Node == query.Node) ?? false));
}
