namespace InferMesh.Simulator.Workload.Arrivals;

/// <summary>Times at which requests arrive, in order.</summary>
internal interface IArrivalTimes
{
    /// <summary>Seconds of the next arrival; infinite when there is none.</summary>
    double NextSeconds();
}
