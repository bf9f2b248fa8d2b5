using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Workload;

/// <summary>One way in which requests come about.</summary>
internal interface IRequestFlow
{
    /// <summary>See <see cref="WorkloadSource.TryNext"/>.</summary>
    bool TryNext(out SimRequest request);

    /// <summary>See <see cref="WorkloadSource.Completed"/>.</summary>
    void Completed(in SimRequest request, long atNs, Action<SimRequest> schedule)
    {
    }
}
