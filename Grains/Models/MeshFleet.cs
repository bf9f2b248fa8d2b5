using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Strategies.Models;

namespace InferMesh.Grains.Models;

/// <summary>What is read of the fleet for one plan.</summary>
/// <param name="Cells">Snapshots of all cells.</param>
/// <param name="Controlled">Nodes with an agent that may change runtimes, in full.</param>
/// <param name="Commands">What is done to their runtimes, by node.</param>
internal sealed record FleetReadings(IReadOnlyList<CellSnapshot> Cells, IReadOnlyList<NodeView> Controlled, IReadOnlyDictionary<string, NodeModels> Commands);

/// <summary>The fleet in the planner's terms, with the load of every replica.</summary>
/// <param name="Nodes">Nodes.</param>
/// <param name="Loads">Load of the replicas that are ready, by model.</param>
internal sealed record MeshFleet(IReadOnlyList<FleetNode> Nodes, IReadOnlyDictionary<string, List<ReplicaLoad>> Loads);

/// <summary>Makes the planner's picture of the fleet from readings. Remembers for a while what runtimes had that do not answer. Not thread-safe.</summary>
internal sealed class MeshFleetBuilder
{
    /// <summary>How long a runtime that does not answer is taken to have what it had: a slow probe must not move weights.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<(string Node, string Endpoint, string Model), (DateTimeOffset At, FleetModel Model)> _seen = [];

    public MeshFleet Build(FleetReadings readings, DateTimeOffset now)
    {
        Dictionary<string, List<ReplicaLoad>> loads = new(StringComparer.Ordinal);
        var known = readings.Controlled.Select(n => n.Registration.NodeId).ToHashSet(StringComparer.Ordinal);
        List<FleetNode> nodes = [.. readings.Controlled.Select(n => Node(n, readings.Commands[n.Registration.NodeId], loads, now))];
        foreach (var cell in readings.Cells)
        {
            // A node that moves is in two cells for a moment: it counts once.
            nodes.AddRange(Nodes(cell, known, loads, now));
        }
        foreach (var old in _seen.Where(s => now - s.Value.At > Patience).Select(s => s.Key).ToArray()) _seen.Remove(old);
        return new(nodes, loads);
    }

    private FleetNode Node(NodeView view, NodeModels commands, Dictionary<string, List<ReplicaLoad>> loads, DateTimeOffset now)
    {
        var id = view.Registration.NodeId;
        var runtimes = view.Runtimes.Select(r => Runtime(id, r, commands, now)).ToArray();
        if (Counts(view.Health))
        {
            foreach (var model in view.Runtimes.Where(r => r.Healthy).SelectMany(r => r.Models).Where(m => m.Loaded))
                Add(loads, model.Model, new(model.Running ?? double.NaN, model.Waiting ?? double.NaN, model.MaxConcurrency ?? double.NaN, model.TtftP95Seconds ?? double.NaN));
        }
        return Node(view.Registration, view.Health, runtimes) with { Gpus = [.. view.Gpus.Where(g => !g.Lost).Select(g => new FleetGpu(g.VramTotalBytes, g.VramUsedBytes, g.MigProfile))] };
    }

    private FleetRuntime Runtime(string node, RuntimeSample reading, NodeModels commands, DateTimeOffset now)
    {
        var control = commands.Runtimes.FirstOrDefault(r => r.Endpoint == reading.Endpoint);
        var underWay = commands.UnderWay.Where(c => c.Endpoint == reading.Endpoint && c.Adapter.Length == 0).ToArray();
        var models = reading.Models.GroupBy(m => m.Model, StringComparer.Ordinal).ToDictionary(
            m => m.Key, m => new FleetModel { Name = m.Key, Revision = m.First().Revision, Loaded = m.Any(x => x.Loaded), Adapters = [.. m.SelectMany(x => x.LoraAdapters)] }, StringComparer.Ordinal);
        Remember(node, reading.Endpoint, reading.Healthy, models, now);
        foreach (var command in underWay)
        {
            var model = models.GetValueOrDefault(command.Model) ?? new() { Name = command.Model };
            models[command.Model] = command.Action is ModelAction.Load or ModelAction.Wake ? model with { Loading = true } : model with { Unloading = true };
        }
        return new()
        {
            Kind = reading.Runtime,
            Endpoint = reading.Endpoint,
            Healthy = reading.Healthy,
            Operations = control?.Actions.Select(a => (ModelOperation)a).ToHashSet(),
            Models = [.. models.Values],
            Failing =
            [
                .. commands.Failures.Where(f => f.RetryAt > now && f.Command.Endpoint == reading.Endpoint && IsLoad(f.Command.Action))
                    .Select(f => f.Command.Adapter.Length > 0 ? f.Command.Adapter : f.Command.Model),
            ],
        };
    }

    private IEnumerable<FleetNode> Nodes(CellSnapshot cell, HashSet<string> known, Dictionary<string, List<ReplicaLoad>> loads, DateTimeOffset now)
    {
        var t = cell.Targets;
        var targets = Enumerable.Range(0, t.Node.Length).ToLookup(i => t.Node[i]);
        for (var n = 0; n < cell.Nodes.Registration.Length; n++)
        {
            var (registration, health) = (cell.Nodes.Registration[n], cell.Nodes.Health[n]);
            if (!known.Add(registration.NodeId)) continue; // In full already.
            List<FleetRuntime> runtimes = [];
            foreach (var runtime in targets[n].GroupBy(i => t.Endpoint[i], StringComparer.Ordinal))
            {
                var first = runtime.First();
                var models = runtime.GroupBy(i => t.Model[i], StringComparer.Ordinal).ToDictionary(
                    m => m.Key, m => new FleetModel { Name = m.Key, Revision = t.Revision[m.First()], Loaded = m.Any(i => t.Loaded[i]) }, StringComparer.Ordinal);
                Remember(registration.NodeId, runtime.Key, t.Healthy[first], models, now);
                runtimes.Add(new() { Kind = t.Runtime[first], Endpoint = runtime.Key, Healthy = t.Healthy[first], Models = [.. models.Values] });
            }
            if (Counts(health))
            {
                foreach (var i in targets[n].Where(i => t.Healthy[i] && t.Loaded[i])) Add(loads, t.Model[i], new(t.Running[i], t.Waiting[i], t.MaxConcurrency[i], t.TtftP95Seconds[i]));
            }
            yield return Node(registration, health, runtimes);
        }
    }

    /// <summary>Notes what a runtime that answers has, and adds what one that does not had lately.</summary>
    private void Remember(string node, string endpoint, bool healthy, Dictionary<string, FleetModel> models, DateTimeOffset now)
    {
        if (healthy)
        {
            foreach (var model in models.Values.Where(m => m.Loaded)) _seen[(node, endpoint, model.Name)] = (now, model);
            return;
        }
        foreach (var (key, (at, model)) in _seen)
        {
            if (key.Node == node && key.Endpoint == endpoint && now - at <= Patience) models[key.Model] = model;
        }
    }

    private static FleetNode Node(NodeRegistration registration, NodeHealth health, IReadOnlyList<FleetRuntime> runtimes) => new()
    {
        Id = registration.NodeId,
        Counts = Counts(health),
        Ready = health == NodeHealth.Ready,
        FailureDomain = registration.FailureDomain,
        Zone = registration.Zone,
        Labels = registration.Labels,
        Runtimes = runtimes,
    };

    private static bool IsLoad(ModelAction action) => action is ModelAction.Load or ModelAction.Wake or ModelAction.LoadAdapter;

    private static bool Counts(NodeHealth health) => health is NodeHealth.Ready or NodeHealth.Suspect;

    private static void Add(Dictionary<string, List<ReplicaLoad>> loads, string model, ReplicaLoad load)
    {
        if (!loads.TryGetValue(model, out var list)) loads[model] = list = [];
        list.Add(load);
    }
}
