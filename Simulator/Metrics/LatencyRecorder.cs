using InferMesh.Simulator.Results;

namespace InferMesh.Simulator.Metrics;

/// <summary>What is measured of one answered request, nanoseconds.</summary>
/// <param name="E2eNs">Arrival to last token.</param>
/// <param name="QueueWaitNs">Arrival to start on a node.</param>
/// <param name="ServiceNs">Start to last token.</param>
/// <param name="TtftNs">Arrival to first token.</param>
/// <param name="TpotNs">Time per output token after the first; negative when there was only one.</param>
internal readonly record struct Measured(long E2eNs, long QueueWaitNs, long ServiceNs, long TtftNs, long TpotNs);

/// <summary>Latencies of one group of requests.</summary>
internal sealed class LatencyRecorder
{
    private readonly Histogram _e2e = new(), _queue = new(), _service = new(), _ttft = new(), _tpot = new(), _itl = new();

    public void Add(in Measured m)
    {
        _e2e.Add(m.E2eNs);
        _queue.Add(m.QueueWaitNs);
        _service.Add(m.ServiceNs);
        _ttft.Add(m.TtftNs);
        if (m.TpotNs >= 0) _tpot.Add(m.TpotNs);
    }

    public void Gaps(long gapNs, int count) => _itl.Add(gapNs, count);

    public void Add(LatencyRecorder other)
    {
        _e2e.Add(other._e2e);
        _queue.Add(other._queue);
        _service.Add(other._service);
        _ttft.Add(other._ttft);
        _tpot.Add(other._tpot);
        _itl.Add(other._itl);
    }

    /// <summary>Sum of all sojourns, nanoseconds.</summary>
    public double SojournNs => _e2e.SumNs;

    public LatencySet ToSet() => new(_e2e.Count, _e2e.ToQuantiles(), _queue.ToQuantiles(), _service.ToQuantiles(), _ttft.ToQuantiles(), _tpot.ToQuantiles(), _itl.ToQuantiles());
}
