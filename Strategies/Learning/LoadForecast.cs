using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Learning;

/// <summary>
/// Where the load of each target is heading. What others have there is followed from reading to reading (level and trend, Holt 1957); what this router has there is known, and
/// its rates of dispatch and completion say how it will have changed by the time a request starts. Thread-safe.
/// </summary>
/// <param name="smoothing">Weight of a new reading in the trend, 0 to 1.</param>
/// <param name="rateSeconds">Time constant of the rates.</param>
/// <param name="horizonSeconds">Furthest look ahead, the age of the reading included.</param>
internal sealed class LoadForecast(double smoothing, double rateSeconds, double horizonSeconds)
{
    // A dispatch looks at its own target and a few more in turn: all are followed, at a cost that does not grow with the fleet.
    private const int LooksPerDispatch = 8;

    private readonly TargetMemory<Row, Turn> _memory = new(static () => new());

    /// <summary>The load of a target when a request sent now would start there; 0 or more.</summary>
    /// <param name="input">The decision.</param>
    /// <param name="target">The target.</param>
    /// <param name="leadSeconds">Seconds until it would start.</param>
    public double Load(in RankingInput input, int target, double leadSeconds)
    {
        var targets = input.Targets;
        ref readonly var row = ref _memory.For(targets).Rows[target];
        var load = targets.Load(target);
        var batch = targets.BatchSize(target);
        var age = targets.AgeSeconds(target, input.NowTicks);
        var lead = Math.Min(leadSeconds, horizonSeconds);

        var drift = 0.0;
        if (row.Trend != 0 && double.IsFinite(age)) drift = row.Trend * Math.Min(age + lead, horizonSeconds);
        drift += lead * (row.Dispatched.At(input.NowTicks, rateSeconds) - row.Completed.At(input.NowTicks, rateSeconds));
        // A forecast that takes off more than half would make a longer queue look better than a short one.
        return Math.Max(targets.Local[target].Requests * 0.5, load + Math.Clamp(drift, -0.5 * load, 0.5 * batch));
    }

    /// <summary>A request was sent to the target.</summary>
    public void Dispatched(in RankingInput input, int target)
    {
        var view = _memory.For(input.Targets);
        lock (_memory.Gate)
        {
            view.Rows[target].Dispatched.Add(input.NowTicks, rateSeconds);
            Look(view, target);
            for (var i = 0; i < Math.Min(LooksPerDispatch, view.Rows.Length); i++) Look(view, view.Model.Next(view.Rows.Length));
        }
    }

    /// <summary>A request came back.</summary>
    public void Completed(in Outcome outcome)
    {
        lock (_memory.Gate)
        {
            foreach (var view in _memory.Views)
            {
                var row = view.RowOf(outcome);
                if (row >= 0) view.Rows[row].Completed.Add(outcome.CompletedAtTicks, rateSeconds);
            }
        }
    }

    private void Look(TargetMemory<Row, Turn>.View view, int target)
    {
        ref var row = ref view.Rows[target];
        var at = view.Targets.SampledAt(target);
        if (at <= row.ReadAtTicks) return;
        var seen = view.Targets.Cost[target].LoadBeyondLocal;
        if (row.ReadAtTicks == 0)
        {
            row.Level = seen;
        }
        else
        {
            var elapsed = (at - row.ReadAtTicks) / (double)TimeSpan.TicksPerSecond;
            var before = row.Level;
            var expected = row.Level + row.Trend * elapsed;
            row.Level = expected + 0.5 * (seen - expected);
            // No GPU starts or ends more than its whole batch in a second, as far as a trend goes.
            var batch = view.Targets.BatchSize(target);
            row.Trend = Math.Clamp(row.Trend + smoothing * ((row.Level - before) / elapsed - row.Trend), -batch, batch);
        }
        row.ReadAtTicks = at;
    }

    private struct Row
    {
        public long ReadAtTicks;
        public double Level;
        public double Trend;
        public EventRate Dispatched;
        public EventRate Completed;
    }

    private sealed class Turn
    {
        private int _next;

        public int Next(int count) => _next = (_next + 1) % count;
    }
}
