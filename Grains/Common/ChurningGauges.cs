using System.Diagnostics.Metrics;

namespace InferMesh.Grains.Common;

/// <summary>
/// Gauges whose label sets come and go: jobs, nodes. OpenTelemetry keeps a place for each set that a metric ever had, and when its limit is reached all further ones are one series; it forgets them
/// only with the meter. So the meter is made anew when more sets are gone than a limit bears. Thread-safe.
/// </summary>
/// <param name="meter">Name of the meter.</param>
/// <param name="create">Creates the gauges on a meter; exactly one of them gives its values through <see cref="Seen{T}"/>: the one with the most label sets.</param>
internal sealed class ChurningGauges(string meter, Action<Meter, ChurningGauges> create) : IDisposable
{
    /// <summary>Label sets that may be gone before the meter is made anew; the least limit that makes sense for such metrics is above it.</summary>
    internal const int MostGone = 1000;

    private readonly Lock _gate = new();

    // Hash codes are enough to count by: two sets of the same one are a place less, nothing worse.
    private readonly HashSet<int> _sets = [];
    private Meter? _meter;
    private volatile bool _isDue = true;

    /// <summary>Creates the gauges, or creates them anew when that is due. Not from a callback of theirs: it would take away the metric that is being read.</summary>
    public void Refresh()
    {
        if (!_isDue) return;
        lock (_gate)
        {
            if (!_isDue) return;
            // First the old one: two instruments of one name at a time are one metric, which would end with the first of them.
            _meter?.Dispose();
            _sets.Clear();
            _meter = new(meter);
            create(_meter, this);
            _isDue = false;
        }
    }

    /// <summary>Takes the gauges away.</summary>
    public void Dispose() => _meter?.Dispose();

    /// <summary>Passes measurements on, and counts their label sets.</summary>
    public IEnumerable<Measurement<T>> Seen<T>(IEnumerable<Measurement<T>> measurements)
        where T : struct
    {
        Measurement<T>[] all = [.. measurements];
        lock (_gate)
        {
            foreach (var one in all) _sets.Add(HashOf(one.Tags));
            if (_sets.Count - all.Length > MostGone) _isDue = true;
        }
        return all;
    }

    private static int HashOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = new HashCode();
        foreach (var tag in tags) hash.Add(tag.Value);
        return hash.ToHashCode();
    }
}
