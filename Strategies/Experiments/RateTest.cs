namespace InferMesh.Strategies.Experiments;

/// <summary>
/// The shares of failed requests of two arms. If the arm's were at most that of the control plus d, there would be a share s, the control's, such that failures are no rarer than s on the
/// control and no more frequent than s + d on the arm: evidence against all s together is the least over s of the evidence against each. s lies between two points of a grid; taking the
/// control at the lower and the arm at the upper one loses 2 % of the share and no validity. Exact for the few failures that a healthy mesh has, where a normal approximation is not.
/// </summary>
internal sealed class RateTest(ArmTally control, ArmTally arm, TestLevel level) : MetricTest
{
    private const double LeastShare = 1e-6, Ratio = 1.02;
    private static readonly double[] s_grid = Grid();

    public override double Control => (double)control.Errors / control.Requests;

    public override double Value => (double)arm.Errors / arm.Requests;

    public override double Effect => Value - Control;

    protected override bool IsDifference => true;

    public override bool IsAbove(double effect) => Exceeds(control, level.ControlWeight, arm, level.ArmWeight, effect);

    public override bool IsBelow(double effect) => Exceeds(arm, level.ArmWeight, control, level.ControlWeight, -effect);

    private bool Exceeds(ArmTally a, double weightA, ArmTally b, double weightB, double by)
    {
        if (a.Requests == 0 || b.Requests == 0) return false;
        Span<double> table = stackalloc double[TailEvidence.TableLength];
        var evidence = new TailEvidence(table, weightA, weightB);
        var pooled = Math.Max(0, (a.Errors + b.Errors - by * b.Requests) / ((double)a.Requests + b.Requests));
        var start = Array.BinarySearch(s_grid, pooled);
        start = Math.Clamp(start >= 0 ? start : ~start - 1, 0, s_grid.Length - 2);
        if (!Reaches(evidence, a, b, by, start).Both) return false;
        for (var up = start + 1; up < s_grid.Length - 1; up++)
        {
            var (both, aloneA, _) = Reaches(evidence, a, b, by, up);
            if (!both) return false;
            if (aloneA) break;
        }
        for (var down = start - 1; down >= 0; down--)
        {
            var (both, _, aloneB) = Reaches(evidence, a, b, by, down);
            if (!both) return false;
            if (aloneB) break;
        }
        return true;
    }

    private (bool Both, bool AloneA, bool AloneB) Reaches(in TailEvidence evidence, ArmTally a, ArmTally b, double by, int place)
    {
        var shareB = s_grid[place + 1] + by;
        // No share is below 0: that of the control cannot lie here.
        if (shareB <= 0) return (true, false, true);
        evidence.Set(a.Requests / level.DesignEffect, s_grid[place], b.Requests / level.DesignEffect, Math.Min(1, shareB));
        return evidence.Reaches(1 / level.Alpha, a.Errors / level.DesignEffect, b.Errors / level.DesignEffect);
    }

    /// <summary>0, then a geometric series up to 1.</summary>
    private static double[] Grid()
    {
        var shares = new List<double> { 0 };
        for (var share = LeastShare; share < 1; share *= Ratio) shares.Add(share);
        shares.Add(1);
        return [.. shares];
    }
}
