namespace InferMesh.Strategies.Experiments;

/// <summary>
/// A quantile of two arms, from histograms. If the arm's quantile were at most r times the control's, there would be a q, the control's quantile, that at most a share 1 - level of the
/// control's values exceed not, and r q would be exceeded by no more of the arm's. Evidence against all q together is the least over q of the evidence against each (Howard and Ramdas,
/// "Sequential estimation of quantiles with applications to A/B testing and best-arm identification", Bernoulli 2022, section 5): exact at any time, for any distribution, ties included. q lies
/// within some step of the histogram; taking the control at the lower edge of that step and the arm at the upper one loses a step (0.54 %) of power and no validity. A failed request exceeds
/// every latency that it would have had.
/// </summary>
internal sealed class QuantileTest : MetricTest
{
    private readonly Side _control, _arm;
    private readonly double _share, _threshold;
    private readonly TestLevel _level;

    public QuantileTest(ExperimentMetric metric, ArmTally control, ArmTally arm, in TestLevel level)
    {
        (_share, _threshold, _level) = (1 - metric.Level, 1 / level.Alpha, level);
        _control = new(metric.Measure, control, level.ControlWeight, _share);
        _arm = new(metric.Measure, arm, level.ArmWeight, _share);
    }

    public override double Control => _control.Quantile;

    public override double Value => _arm.Quantile;

    public override double Effect => double.IsInfinity(Value) && double.IsInfinity(Control) ? 0 : base.Effect;

    public override bool IsAbove(double effect) => Exceeds(_control, _arm, StepsOf(1 + effect));

    public override bool IsBelow(double effect) => Exceeds(_arm, _control, StepsOf(1 / (1 + effect)));

    /// <summary>Steps that cover a ratio: one that is a little too large is harder to show.</summary>
    private static int StepsOf(double ratio) => (int)Math.Clamp(Math.Ceiling(Math.Log2(ratio) * OutcomeHistogram.StepsPerOctave - 1e-9), -OutcomeHistogram.Steps, OutcomeHistogram.Steps);

    /// <summary>Whether the quantile of <paramref name="b"/> is shown to be more than that of <paramref name="a"/>, moved up by so many steps.</summary>
    private bool Exceeds(in Side a, in Side b, int up)
    {
        if (a.Count == 0 || b.Count == 0) return false;
        Span<double> table = stackalloc double[TailEvidence.TableLength];
        var evidence = new TailEvidence(table, a.Weight, b.Weight);
        evidence.Set(a.Count / _level.DesignEffect, _share, b.Count / _level.DesignEffect, _share);

        // Where the least is likely: between the two quantiles, nearer to the one that is known better.
        var start = (int)Math.Clamp(Math.Round((a.Weight * a.Step + b.Weight * (b.Step - up - 1)) / (a.Weight + b.Weight)), 0, OutcomeHistogram.Steps - 1);
        var (aboveA, aboveB) = (a.From(start), b.From(Math.Max(1, start + 1 + up)));
        if (!Reaches(evidence, aboveA, aboveB).Both) return false;
        return Everywhere(evidence, a, b, up, start, aboveA, aboveB, 1) && Everywhere(evidence, a, b, up, start, aboveA, aboveB, -1);
    }

    /// <summary>Whether the evidence is enough for each step from the start to one side, up to where one arm alone rules out all that follow.</summary>
    private bool Everywhere(in TailEvidence evidence, in Side a, in Side b, int up, int step, long aboveA, long aboveB, int direction)
    {
        while (true)
        {
            var next = step + direction;
            if (next is < 0 or > OutcomeHistogram.Steps) return true;
            var (nextA, nextB) = direction > 0
                ? (aboveA - a.At(step), aboveB - b.AtEdge(step + 1 + up))
                : (aboveA + a.At(next), aboveB + b.AtEdge(next + 1 + up));
            // Beyond the last edge the control's quantile is forever, and nothing exceeds that.
            if (next == OutcomeHistogram.Steps) nextB = 0;
            var changed = nextA != aboveA || nextB != aboveB;
            (step, aboveA, aboveB) = (next, nextA, nextB);
            if (!changed) continue;
            var (both, aloneA, aloneB) = Reaches(evidence, aboveA, aboveB);
            if (!both) return false;
            if (direction > 0 ? aloneA : aloneB) return true;
        }
    }

    private (bool Both, bool AloneA, bool AloneB) Reaches(in TailEvidence evidence, long aboveA, long aboveB) =>
        evidence.Reaches(_threshold, aboveA / _level.DesignEffect, aboveB / _level.DesignEffect);

    /// <summary>Values of one arm.</summary>
    private readonly struct Side
    {
        private readonly OutcomeHistogram _values;
        private readonly long _forever;

        public Side(Measure measure, ArmTally tally, double weight, double share)
        {
            _values = tally.Values(measure);
            _forever = tally.Forever(measure);
            Weight = weight;
            Count = _values.Count() + _forever;
            Step = _values.StepFromTop(share * Count, _forever);
            Quantile = Count == 0 ? double.NaN : _forever >= share * Count && _forever > 0 ? double.PositiveInfinity : OutcomeHistogram.Middle(Step);
        }

        public double Weight { get; }

        public long Count { get; }

        /// <summary>The step with the quantile.</summary>
        public int Step { get; }

        public double Quantile { get; }

        /// <summary>Values from the lower edge of a step on, all for the first; beyond the last edge nothing is known to lie but what took forever.</summary>
        public long From(int step) => _values.CountFrom(step) + _forever;

        public long At(int step) => _values.CountAt(step);

        /// <summary>Values that no longer exceed the lower edge when it moves up from a step. The first step has no such edge: what lies in it is not known to exceed anything.</summary>
        public long AtEdge(int step) => step > 0 ? _values.CountAt(step) : 0;
    }
}
