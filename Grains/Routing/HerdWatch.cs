using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Routing;

/// <summary>Sees how a silo's requests spread over the targets of each model, from counters that are kept anyway. Used by one thread.</summary>
internal sealed class HerdWatch
{
    // Long enough for a few requests per target, short enough to see a burst.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Dictionary<LocalLoad, long> _before = [];
    private DateTimeOffset _since;

    /// <summary>The herd index of each model over the window that has just ended; null while one goes on.</summary>
    public IReadOnlyDictionary<string, double>? Look(RoutingTable table, DateTimeOffset now)
    {
        if (now - _since < Window) return null;
        _since = now;
        var known = new Dictionary<LocalLoad, long>(_before.Count);
        var indices = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var targets in table.Models.Values)
        {
            var requests = new List<long>(targets.Count);
            for (var i = 0; i < targets.Count; i++)
            {
                var load = targets.Local[i];
                var all = known[load] = load.Dispatched;
                // Who may not be picked says nothing of how picks spread.
                if (targets.Standing[i] == FilterReason.None) requests.Add(all - _before.GetValueOrDefault(load, all));
            }
            if (HerdIndex.Of(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(requests)) is var index && !double.IsNaN(index)) indices[targets.Model] = index;
        }
        _before.Clear();
        foreach (var (load, all) in known) _before[load] = all;
        return indices;
    }
}
