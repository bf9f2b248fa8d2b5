using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Grains.Jobs;

/// <summary>Reads what the scheduler needs of nodes and ledgers: a call per cell each time, one per node now and then. Used on the scheduler's own grain only.</summary>
internal sealed class FleetFacts(IGrainFactory grains, TimeProvider time)
{
    private const int Parallelism = 32;
    private static readonly TimeSpan GpuPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, DateTimeOffset> _served = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LauncherStatus> _launchers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (NodeView? View, DateTimeOffset At)> _views = new(StringComparer.Ordinal);

    /// <summary>Takes note of an agent; true for one that is new, or comes back.</summary>
    public bool Announce(LauncherStatus launcher, TimeSpan goneAfter)
    {
        var isNew = !_launchers.TryGetValue(launcher.Node, out var known) || launcher.SeenAt - known.SeenAt > goneAfter;
        _launchers[launcher.Node] = launcher;
        if (isNew) _views.Remove(launcher.Node);
        return isNew;
    }

    /// <summary>The fleet now.</summary>
    /// <param name="goneAfter">How long agents may be silent.</param>
    public async Task<TrainingFleet> ReadAsync(TimeSpan goneAfter)
    {
        var now = time.GetUtcNow();
        string[] cells = [.. (await grains.GetGrain<IDirectoryGrain>(DirectoryKeys.Cells).List()).Names];
        var snapshots = await EachAsync(cells, cell => grains.GetGrain<ICellSummaryGrain>(cell).Snapshot());
        var ledgers = await EachAsync(cells, cell => grains.GetGrain<ICapacityLedgerGrain>(cell).List());
        var rows = new Dictionary<string, (CellSnapshot Cell, int Row)>(StringComparer.Ordinal);
        foreach (var cell in snapshots)
        {
            for (var i = 0; i < cell.Nodes.Registration.Length; i++)
            {
                var id = cell.Nodes.Registration[i].NodeId;
                // A node that moved may still stand in its old cell: the newer registration is the true one.
                if (!rows.TryGetValue(id, out var other) || other.Cell.Nodes.Version[other.Row] < cell.Nodes.Version[i]) rows[id] = (cell, i);
            }
        }
        foreach (var gone in _launchers.Keys.Where(n => !rows.ContainsKey(n) && now - _launchers[n].SeenAt > goneAfter).ToArray())
        {
            _launchers.Remove(gone);
            _views.Remove(gone);
            _served.Remove(gone);
        }
        string[] old = [.. _launchers.Keys.Where(n => rows.ContainsKey(n) && (!_views.TryGetValue(n, out var view) || now - view.At > GpuPeriod || view.View is not { Gpus.Count: > 0 }))];
        var views = await EachAsync(old, node => grains.GetGrain<INodeGrain>(node).Get());
        foreach (var (i, node) in old.Index()) _views[node] = (views[i], now);
        var wanted = ledgers.SelectMany(static l => l.Wanted).Where(w => w.Value > now).Select(static w => w.Key).ToHashSet(StringComparer.Ordinal);
        var nodes = _launchers.Where(l => rows.ContainsKey(l.Key)).Select(l => Of(rows[l.Key].Cell, rows[l.Key].Row, l.Value, _views[l.Key].View, now - l.Value.SeenAt <= goneAfter) with { IsWanted = wanted.Contains(l.Key) })
            .Select(n => n with { Serves = Served(n, now) }).ToArray();
        return new(nodes, [.. ledgers.SelectMany(static l => l.Claims)]);
    }

    /// <summary>A runtime that is silent for a moment has not lost its model.</summary>
    private bool Served(LaunchingNode node, DateTimeOffset now)
    {
        if (node.Serves) _served[node.Id] = now;
        // One that takes it away says so; only then is it gone at once.
        return node.Serves || (!node.IsIdle && _served.TryGetValue(node.Id, out var at) && now - at < Patience);
    }

    private static LaunchingNode Of(CellSnapshot cell, int row, LauncherStatus launcher, NodeView? view, bool isHeard)
    {
        var targets = cell.Targets;
        var own = Enumerable.Range(0, targets.Node.Length).Where(t => targets.Node[t] == row).ToArray();
        var registration = cell.Nodes.Registration[row];
        var type = registration.Labels.TryGetValue("gpu", out var label) ? label : own.Select(t => targets.Gpu[t]).FirstOrDefault(static g => g.Length > 0) ?? cell.Nodes.Gpus[row].Name;
        return new()
        {
            Registration = registration,
            Health = cell.Nodes.Health[row],
            IsHeard = isHeard,
            Host = launcher.Launcher.Host,
            Gpus = view is null ? [] : [.. view.Gpus.Where(static g => !g.Lost)],
            GpuType = type,
            Serves = Array.Exists(own, t => targets.Loaded[t]),
            IsIdle = view is { Runtimes.Count: > 0 } && view.Runtimes.All(static r => r.Healthy && r.Models.All(static m => !m.Loaded)),
            HasRuntimes = own.Length > 0 || view is { Runtimes.Count: > 0 },
            Network = view?.Network,
        };
    }

    private static async Task<T[]> EachAsync<T>(string[] names, Func<string, Task<T>> read)
    {
        var found = new T[names.Length];
        await Parallel.ForAsync(0, names.Length, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current }, async (i, _) => found[i] = await read(names[i]));
        return found;
    }
}
