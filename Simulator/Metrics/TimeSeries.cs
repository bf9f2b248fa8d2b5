using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Results;

namespace InferMesh.Simulator.Metrics;

/// <summary>What happened over time, in equal samples, and who computed when.</summary>
internal sealed class TimeSeries(int targets, double horizonSeconds)
{
    private const int Samples = 100;
    private const int MostGroups = 64;

    private readonly int _groups = Math.Min(targets, MostGroups);
    private readonly double[] _busyBefore = new double[targets];
    private readonly List<SeriesPoint> _points = new(Samples);
    private readonly List<double[]> _busy = new(Samples);
    private readonly Histogram _ttft = new();
    private long _arrived, _completed;
    private double _lastSeconds;

    /// <summary>End of the next sample, nanoseconds.</summary>
    public long NextNs => (long)(horizonSeconds * 1e9 * (_points.Count + 1) / Samples);

    public bool IsFull => _points.Count >= Samples;

    public void Arrived() => _arrived++;

    public void Completed(long ttftNs)
    {
        _completed++;
        _ttft.Add(ttftNs);
    }

    /// <summary>Ends a sample; a last one may be shorter.</summary>
    public void Take(long nowNs, EngineRack rack)
    {
        var seconds = nowNs / 1e9;
        var length = seconds - _lastSeconds;
        if (length <= 0) return;
        var busy = new double[_groups];
        var total = 0.0;
        for (var i = 0; i < rack.Used.Count; i++)
        {
            var target = rack.Used[i];
            var now = rack.BusySeconds(target, nowNs);
            var added = now - _busyBefore[target];
            _busyBefore[target] = now;
            busy[GroupOf(target)] += added;
            total += added;
        }
        for (var g = 0; g < _groups; g++) busy[g] /= length * SizeOf(g);
        _busy.Add(busy);
        _points.Add(new(seconds, _arrived / length, _completed / length, rack.Running, rack.Waiting, _ttft.QuantileSeconds(0.99), total / (length * targets)));
        (_arrived, _completed, _lastSeconds) = (0, 0, seconds);
        _ttft.Clear();
    }

    public IReadOnlyList<SeriesPoint> Points => _points;

    /// <summary>Utilisation by group of targets and sample.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Heat() => [.. Enumerable.Range(0, _groups).Select(g => (IReadOnlyList<double>)[.. _busy.Select(b => b[g])])];

    private int GroupOf(int target) => (int)((long)target * _groups / targets);

    private int SizeOf(int group) => First(group + 1) - First(group);

    private int First(int group) => (int)(((long)group * targets + _groups - 1) / _groups);
}
