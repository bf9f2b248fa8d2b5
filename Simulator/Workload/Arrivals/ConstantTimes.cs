namespace InferMesh.Simulator.Workload.Arrivals;

/// <summary>Equal gaps, the first before the first arrival.</summary>
internal sealed class ConstantTimes(double rps) : IArrivalTimes
{
    private long _count;

    public double NextSeconds() => ++_count / rps;
}
