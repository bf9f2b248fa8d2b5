namespace InferMesh.Cli.Agent.Reporting;

/// <summary>The least of the last ten round trips: what the network takes, without what the other end was busy with.</summary>
internal sealed class RttWindow
{
    private const int Size = 10;
    private readonly double[] _milliseconds = new double[Size];
    private readonly Lock _gate = new();
    private int _count;

    public void Add(TimeSpan roundTrip)
    {
        lock (_gate)
            _milliseconds[_count++ % Size] = roundTrip.TotalMilliseconds;
    }

    /// <summary>Milliseconds; null before the first round trip.</summary>
    public double? MinMs
    {
        get
        {
            lock (_gate)
                return _count == 0 ? null : _milliseconds.AsSpan(0, Math.Min(_count, Size)).ToArray().Min();
        }
    }

    /// <summary>Forgets all: another API is another distance.</summary>
    public void Clear()
    {
        lock (_gate)
            _count = 0;
    }
}
