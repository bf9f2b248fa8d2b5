using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Learning;

/// <summary>How busy the eligible targets are as a whole: mean load over batch, smoothed over time. Thread-safe.</summary>
internal sealed class PressureGauge(double smoothingSeconds)
{
    // Enough for a mean within a few percent, and a cost that does not grow with the fleet.
    private const int Samples = 64;
    private const double MaxPressure = 2;

    private readonly Lock _gate = new();
    private double _pressure = double.NaN;
    private long _atTicks;

    /// <summary>The smoothed pressure, 0 to 2; the pressure of this moment while nothing was dispatched yet.</summary>
    public double Read(in RankingInput input) => Volatile.Read(ref _pressure) is var known && double.IsNaN(known) ? Sample(input) : known;

    /// <summary>Takes the pressure of this moment in.</summary>
    public void Observe(in RankingInput input)
    {
        var now = Sample(input);
        lock (_gate)
        {
            var elapsed = Math.Max(0, input.NowTicks - _atTicks) / (double)TimeSpan.TicksPerSecond;
            var share = double.IsNaN(_pressure) || smoothingSeconds <= 0 ? 1 : 1 - Math.Exp(-elapsed / smoothingSeconds);
            Volatile.Write(ref _pressure, double.IsNaN(_pressure) ? now : _pressure + share * (now - _pressure));
            _atTicks = Math.Max(_atTicks, input.NowTicks);
        }
    }

    /// <remarks>A dispatch comes without the verdicts of its decision: the standing of the targets has to do then.</remarks>
    private static double Sample(in RankingInput input)
    {
        var targets = input.Targets.Count;
        var samples = Math.Min(targets, Samples);
        double load = 0, room = 0;
        // Evenly spaced from a drawn place: a cell or a kind of GPU counts by its share.
        var first = targets > Samples ? (int)Math.BigMul(TieBreak.Hash(input.Seed, targets), (ulong)targets, out _) : 0;
        for (var i = 0; i < samples; i++)
        {
            var target = (int)((first + (long)i * targets / samples) % targets);
            if ((input.Filter.IsEmpty ? input.Targets.Standing[target] : input.Filter[target]) != FilterReason.None) continue;
            var batch = input.Targets.BatchSize(target);
            load += Math.Min(input.Targets.Load(target), MaxPressure * batch);
            room += batch;
        }
        return room > 0 ? load / room : 0;
    }
}
