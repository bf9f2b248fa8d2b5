using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload.Arrivals;

/// <summary>Independent gaps of one law. The first is what is left of a gap seen from a random moment, so that the rate is right from the start.</summary>
internal sealed class RenewalTimes(RandomStream random, GapLaw law, double rps) : IArrivalTimes
{
    private double _at = double.NaN;

    public double NextSeconds()
    {
        _at = double.IsNaN(_at) ? law.DrawRemainder(random) / rps : _at + law.Draw(random) / rps;
        return _at;
    }
}
