using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload.Arrivals;

namespace InferMesh.Simulator.Workload;

/// <summary>Requests on their own that arrive whether or not others were answered.</summary>
internal sealed class OpenFlow(IArrivalTimes times, RequestShaper shaper, double endSeconds) : IRequestFlow
{
    private int _nextId;

    public bool TryNext(out SimRequest request)
    {
        request = default;
        var at = times.NextSeconds();
        if (!(at < endSeconds)) return false;
        request = shaper.Next(_nextId++, WorkloadSource.Nanoseconds(at));
        return true;
    }
}
