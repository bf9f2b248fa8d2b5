using System.Collections.Concurrent;
using InferMesh.Grains.Experiments;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Routing;

/// <summary>The silo's current table: one reference, read once per decision. Counters live beside it, because they outlive tables.</summary>
internal sealed class RoutingTableCache
{
    private readonly ConcurrentDictionary<(string Node, string Endpoint, string Model), LocalLoad> _loads = new();
    private readonly ConcurrentDictionary<string, LocalLoad> _quotas = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Counter> _sequences = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TableView _current = TableView.Empty;

    /// <summary>A newer table is in force.</summary>
    public event Action? Swapped;

    public TableView Current => _current;

    /// <summary>Ends when the table has all that the cluster knew when this silo started: before, a model that it lacks may well be served.</summary>
    public Task Complete => _complete.Task;

    public void MarkComplete() => _complete.TrySetResult();

    public void Swap(TableView next)
    {
        _current = next;
        // Counters of models and targets that are gone and idle would otherwise pile up for ever.
        foreach (var model in _sequences.Keys.Where(m => !next.Table.Models.ContainsKey(m))) _sequences.TryRemove(model, out _);
        var live = next.Table.Models.Values.SelectMany(m => m.Local).ToHashSet();
        foreach (var (key, load) in _loads)
        {
            if (load.Requests == 0 && !live.Contains(load)) _loads.TryRemove(key, out _);
        }
        Swapped?.Invoke();
    }

    public LocalLoad Load(string node, string endpoint, string model) => _loads.GetOrAdd((node, endpoint, model), static _ => new());

    /// <summary>The counter of a quota, if there is one.</summary>
    public LocalLoad? FindQuota(string policy) => _quotas.GetValueOrDefault(policy);

    public LocalLoad Quota(string policy) => _quotas.GetOrAdd(policy, static _ => new());

    /// <summary>Decisions made for the model so far; <paramref name="advance"/> counts this one.</summary>
    public ulong Sequence(string model, bool advance)
    {
        var counter = _current.Table.Models.ContainsKey(model) ? _sequences.GetOrAdd(model, static _ => new()) : new();
        return advance ? (ulong)Interlocked.Increment(ref counter.Value) - 1 : (ulong)Volatile.Read(ref counter.Value);
    }

    private sealed class Counter
    {
        public long Value;
    }
}

/// <summary>A table with the figures that a status call shows.</summary>
internal sealed record TableView(RoutingTable Table, int Nodes, int ReadyNodes)
{
    public static TableView Empty { get; } = new(RoutingTable.Empty, 0, 0);

    /// <summary>Experiments that take requests from what policies say.</summary>
    public ExperimentTable Experiments { get; init; } = ExperimentTable.Empty;
}
