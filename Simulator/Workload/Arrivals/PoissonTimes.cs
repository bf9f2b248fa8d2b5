using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload.Arrivals;

/// <summary>Exponential gaps.</summary>
internal sealed class PoissonTimes(RandomStream random, double rps) : IArrivalTimes
{
    private double _at;

    public double NextSeconds() => _at += random.NextExponential(1 / rps);
}
