using System.Globalization;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Options;

namespace InferMesh.Grains.Cells;

/// <summary>
/// Finds nodes that answer far later than others that serve the same model and have no queue either: what is left then is the node itself. Outlier detection as in service meshes, on what
/// the runtimes measure.
/// </summary>
internal sealed class LatencyOutliers
{
    // Fewer have no median to speak of.
    private const int LeastPeers = 4;

    // Nobody minds being five times as late as next to nothing.
    private const double LeastSeconds = 0.25;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, DateTimeOffset> _since = new(StringComparer.Ordinal);
    private DateTimeOffset _looked;

    /// <summary>Nodes that have been outliers for long enough, each told once per such time.</summary>
    public IEnumerable<(string NodeId, NodeFault Fault)> Look(CellSnapshot cell, DateTimeOffset now, FaultSettings settings)
    {
        if (now - _looked < Period) return [];
        _looked = now;
        var late = Late(cell, settings.OutlierFactor);
        foreach (var gone in _since.Keys.Where(id => !late.ContainsKey(id)).ToArray()) _since.Remove(gone);
        var found = new List<(string, NodeFault)>();
        foreach (var (node, evidence) in late)
        {
            if (!_since.TryAdd(node, now) && now - _since[node] >= settings.OutlierAfter)
            {
                _since[node] = now;
                found.Add((node, new(FaultKind.LatencyOutlier, "", evidence, now)));
            }
        }
        return found;
    }

    private static Dictionary<string, string> Late(CellSnapshot cell, double factor)
    {
        var t = cell.Targets;
        var late = new Dictionary<string, string>(StringComparer.Ordinal);
        var judged = Enumerable.Range(0, t.Node.Length)
            .Where(i => t.Healthy[i] && t.Loaded[i] && t.Waiting[i] == 0 && double.IsFinite(t.TtftP95Seconds[i]) && cell.Nodes.Health[t.Node[i]] is NodeHealth.Ready or NodeHealth.Probing);
        foreach (var replicas in judged.GroupBy(i => t.Model[i], StringComparer.Ordinal))
        {
            int[] rows = [.. replicas.OrderBy(i => t.TtftP95Seconds[i])];
            if (rows.Length < LeastPeers) continue;
            var median = t.TtftP95Seconds[rows[(rows.Length - 1) / 2]];
            foreach (var i in rows.Reverse().TakeWhile(i => t.TtftP95Seconds[i] > Math.Max(LeastSeconds, median * factor)))
            {
                late[cell.Nodes.Registration[t.Node[i]].NodeId] = string.Create(
                    CultureInfo.InvariantCulture, $"Without a queue its 95th percentile of TTFT of {replicas.Key} is {t.TtftP95Seconds[i]:0.###} s, the median of {rows.Length} is {median:0.###} s.");
            }
        }
        return late;
    }
}
