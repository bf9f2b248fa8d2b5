using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Common;

namespace InferMesh.Grains.Cells;

/// <summary>
/// Nodes and the models on them, told by the silo that keeps their cell: so each stands on one page. They are read when somebody looks, from snapshots that are made anyway. What is unknown has
/// no series, and neither has a node that is gone.
/// </summary>
internal static class FleetMetrics
{
    private const string MeterName = "InferMesh.Fleet";
    private static readonly ConcurrentDictionary<object, (CellSnapshot Snapshot, TimeProvider Time)> Cells = new(ReferenceEqualityComparer.Instance);

    // Apart, because they churn apart: a node has one set of labels by its name, up to seven by its health, and one for each model that it has ever had.
    private static readonly ChurningGauges[] Gauges =
    [
        new(MeterName, static (meter, gauges) => meter.CreateObservableGauge("infermesh.node.health_status", () => gauges.Seen(Healths()), "{node}", "1 for each registered node, with its health as a label.")),
        new(MeterName, static (meter, gauges) =>
        {
            Nodes("infermesh.node.signal_age", "s", "Age of the last readings of each node that has any.", static (nodes, i, now) => nodes.SampledAtTicks[i] is > 0 and var at ? Math.Max(0, now - at) / (double)TimeSpan.TicksPerSecond : double.NaN, isCounted: true);
            Nodes("infermesh.node.rtt", "s", "Round trip between each node and the API that it reports to.", static (nodes, i, _) => nodes.RttMs[i] / 1000);

            void Nodes(string name, string unit, string description, Func<NodeColumns, int, long, double> value, bool isCounted = false) =>
                meter.CreateObservableGauge(name, () => isCounted ? gauges.Seen(Of(value)) : Of(value), unit, description);
        }),
        new(MeterName, static (meter, gauges) =>
        {
            Targets("infermesh.model.load_status", "{model}", "1 for each model that a healthy runtime has loaded, 0 for one that is not loaded or whose runtime does not answer.", static (t, i) => t.Loaded[i] && t.Healthy[i] ? 1 : 0, isCounted: true);
            Targets("infermesh.model.running", "{request}", "Requests in the batch of each model on each node.", static (t, i) => t.Running[i]);
            Targets("infermesh.model.queue_depth", "{request}", "Requests that wait in the runtime of each model on each node.", static (t, i) => t.Waiting[i]);
            Targets("infermesh.model.batch_fullness", "{ratio}", "Requests in the batch over the most it takes.", static (t, i) => t.MaxConcurrency[i] > 0 ? t.Running[i] / t.MaxConcurrency[i] : double.NaN);
            Targets("infermesh.model.kv_cache_usage", "{ratio}", "Share of the KV cache in use.", static (t, i) => t.KvCacheUsage[i]);
            Targets("infermesh.model.service_rate", "{token}/s", "Tokens that each model on each node generates.", static (t, i) => t.GenerationTokensPerSecond[i]);

            void Targets(string name, string unit, string description, Func<TargetColumns, int, double> value, bool isCounted = false) =>
                meter.CreateObservableGauge(name, () => isCounted ? gauges.Seen(Of(value)) : Of(value), unit, description);
        }),
    ];

    /// <summary>Shows a cell as it is now, in place of what its owner showed before.</summary>
    public static void Show(object owner, CellSnapshot snapshot, TimeProvider time)
    {
        Cells[owner] = (snapshot, time);
        foreach (var gauges in Gauges) gauges.Refresh();
    }

    /// <summary>The owner keeps the cell no more.</summary>
    public static void Hide(object owner) => Cells.TryRemove(owner, out _);

    private static IEnumerable<Measurement<int>> Healths()
    {
        foreach (var (cell, _) in Cells.Values)
        {
            for (var i = 0; i < cell.Nodes.Registration.Length; i++)
            {
                var node = cell.Nodes.Registration[i];
                yield return new(1, new("node", node.NodeId), new("zone", node.Zone), new("cell", cell.CellId), new("health", cell.Nodes.Health[i].ToString().ToLowerInvariant()));
            }
        }
    }

    private static IEnumerable<Measurement<double>> Of(Func<NodeColumns, int, long, double> value)
    {
        foreach (var (cell, time) in Cells.Values)
        {
            var now = time.GetUtcNow().UtcTicks;
            for (var i = 0; i < cell.Nodes.Registration.Length; i++)
            {
                if (value(cell.Nodes, i, now) is var number && double.IsFinite(number))
                    yield return new(number, new("node", cell.Nodes.Registration[i].NodeId), new("zone", cell.Nodes.Registration[i].Zone));
            }
        }
    }

    private static IEnumerable<Measurement<double>> Of(Func<TargetColumns, int, double> value)
    {
        foreach (var (cell, _) in Cells.Values)
        {
            var targets = cell.Targets;
            for (var i = 0; i < targets.Node.Length; i++)
            {
                var number = value(targets, i);
                if (!double.IsFinite(number)) continue;
                var node = cell.Nodes.Registration[targets.Node[i]];
                yield return new(number, new("node", node.NodeId), new("zone", node.Zone), new("model", targets.Model[i]), new("revision", targets.Revision[i]), new("runtime", targets.Runtime[i]));
            }
        }
    }
}
