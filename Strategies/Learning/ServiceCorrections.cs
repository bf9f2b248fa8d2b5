using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Learning;

/// <summary>
/// By how much answers are later than the cost model says: per target, learned as a difference from its GPU type, which is a difference from the fleet. A target without
/// answers of its own is taken for one of its type. Bounded factors, one small row per target. Thread-safe.
/// </summary>
/// <param name="rate">Weight of the newest answer, 0 to 1.</param>
/// <param name="maxFactor">Factors lie in 1 / maxFactor to maxFactor.</param>
/// <param name="memorySeconds">Seconds after which a target's own difference counts half when no answer has come since: what was slow may have recovered.</param>
public sealed class ServiceCorrections(double rate, double maxFactor, double memorySeconds)
{
    // So many answers is the guess of "like the others" worth.
    private const double Prior = 4;
    private const int MaxTypes = 64;

    // A quarter: the cost model is off by as much over the range of loads. Taken for a difference between targets, the busiest would look fast for their load, and get busier.
    internal const double Misfit = 0.25;

    private readonly double _least = 1 / maxFactor;
    private readonly TargetMemory<Row, Types> _memory = new(static () => new(), static (types, target) => new(types.IndexOf(target.Gpu)));

    /// <summary>What is known of a target.</summary>
    public Correction Of(in RankingInput input, int target)
    {
        var view = _memory.For(input.Targets);
        ref readonly var row = ref view.Rows[target];
        ref readonly var type = ref view.Model.Of(row.Type);
        if (row.Count == 0) return new(Bound(type.FirstTokenFactor), Bound(type.DecodeFactor), type.Spread, 0);
        var silent = Math.Max(0, input.NowTicks - row.AtTicks) / (double)TimeSpan.TicksPerSecond;
        var trust = memorySeconds / (memorySeconds + silent);
        return new(
            Bound(type.FirstTokenFactor * (1 + (row.OwnFactor - 1) * trust)), Bound(type.DecodeFactor * (1 + (row.OwnFactor - 1) * trust)),
            type.Spread + (row.Spread - type.Spread) * trust, row.FailureShare * trust);
    }

    /// <summary>Makes room for the targets of a table.</summary>
    public void Meet(TargetSet targets) => _memory.For(targets);

    /// <summary>Takes an answer in.</summary>
    public void Observe(in Outcome outcome)
    {
        lock (_memory.Gate)
        {
            foreach (var view in _memory.Views)
            {
                var row = view.RowOf(outcome);
                if (row >= 0) Observe(view, row, outcome);
            }
        }
    }

    private void Observe(TargetMemory<Row, Types>.View view, int target, in Outcome answer)
    {
        ref var row = ref view.Rows[target];
        row.AtTicks = Math.Max(row.AtTicks, answer.CompletedAtTicks);
        row.FailureShare += Math.Max(rate, 1.0 / (row.Count + 2)) * ((answer.Succeeded ? 0 : 1) - row.FailureShare);
        row.Count++;
        if (!answer.Succeeded) return;

        var expected = Expectation.Of(view.Targets, target, answer);
        ref readonly var type = ref view.Model.Of(row.Type);
        var (firstToken, whole) = (expected.TtftSeconds * type.FirstTokenFactor, expected.TtftSeconds * type.FirstTokenFactor + expected.DecodeSeconds * type.DecodeFactor);
        // The request as a whole where it is known: what is late at its start is often early later on.
        if (answer.E2eSeconds > 0 && answer.OutputTokens > 1) row.Own.Observe(LogMean.Log(answer.E2eSeconds / whole), rate);
        else if (answer.TtftSeconds > 0) row.Own.Observe(LogMean.Log(answer.TtftSeconds / firstToken), rate);
        row.OwnFactor = Math.Exp(row.Own.Beyond(Misfit, Prior));

        if (answer.TtftSeconds > 0) view.Model.FirstToken(row.Type, ref row.FirstToken, LogMean.Log(answer.TtftSeconds / expected.TtftSeconds), rate);
        var generation = answer.E2eSeconds - (answer.TtftSeconds > 0 ? answer.TtftSeconds : expected.TtftSeconds);
        if (generation > 0 && answer.OutputTokens > 1) view.Model.Decode(row.Type, LogMean.Log(generation / Math.Max(1e-4, expected.DecodeSeconds)), rate);
        row.Spread = Math.Sqrt((row.FirstToken.Variance * row.FirstToken.Count + Prior * view.Model.Of(row.Type).Variance) / (row.FirstToken.Count + Prior));
    }

    private double Bound(double factor) => Math.Clamp(factor, _least, maxFactor);

    private struct Row(int type)
    {
        public readonly int Type = type;
        public int Count;
        public long AtTicks;
        public LogMean Own;
        public LogMean FirstToken;
        public double OwnFactor = 1;
        public double Spread;
        public double FailureShare;
    }

    /// <summary>The fleet (type 0) and its GPU types.</summary>
    private sealed class Types
    {
        private readonly List<string> _names = [""];
        private readonly GpuType[] _types = [.. Enumerable.Range(0, MaxTypes).Select(_ => new GpuType())];

        public int IndexOf(string gpu)
        {
            var known = _names.IndexOf(gpu);
            if (known >= 0) return known;
            if (_names.Count == MaxTypes) return 0;
            _names.Add(gpu);
            return _names.Count - 1;
        }

        public ref readonly GpuType Of(int type) => ref _types[type];

        public void FirstToken(int type, ref LogMean row, double value, double rate)
        {
            var rest = Rest(ref _types[0].FirstToken, value, rate);
            if (type > 0) rest = Rest(ref _types[type].FirstToken, rest, rate);
            row.Observe(rest, rate);
            Publish();
        }

        public void Decode(int type, double value, double rate)
        {
            var rest = Rest(ref _types[0].Decode, value, rate);
            if (type > 0) Rest(ref _types[type].Decode, rest, rate);
            Publish();
        }

        /// <summary>What a level does not explain is left to the one below it.</summary>
        private static double Rest(ref LogMean level, double value, double rate)
        {
            level.Observe(value, rate);
            return value - level.Shrunk(Prior);
        }

        private void Publish()
        {
            for (var type = 0; type < _names.Count; type++) _types[type].Publish(type == 0 ? default : _types[0]);
        }
    }

    private struct GpuType
    {
        public LogMean FirstToken;
        public LogMean Decode;

        public GpuType() => (FirstTokenFactor, DecodeFactor) = (1, 1);

        public double FirstTokenFactor { get; private set; }

        public double DecodeFactor { get; private set; }

        public double Spread { get; private set; }

        public double Variance { get; private set; }

        public void Publish(in GpuType fleet)
        {
            FirstTokenFactor = Math.Exp(fleet.FirstToken.Shrunk(Prior) + FirstToken.Shrunk(Prior));
            DecodeFactor = Math.Exp(fleet.Decode.Shrunk(Prior) + Decode.Shrunk(Prior));
            Variance = FirstToken.Count > 0 ? FirstToken.Variance : fleet.FirstToken.Variance;
            Spread = Math.Sqrt(Variance);
        }
    }
}

/// <summary>How the answers of a target differ from what the cost model says.</summary>
/// <param name="FirstTokenFactor">Factor on queue and prefill.</param>
/// <param name="DecodeFactor">Factor on decode.</param>
/// <param name="Spread">Standard deviation of the logarithm of measured over expected time to first token.</param>
/// <param name="FailureShare">Share of attempts that failed lately, 0..1.</param>
public readonly record struct Correction(double FirstTokenFactor, double DecodeFactor, double Spread, double FailureShare);
