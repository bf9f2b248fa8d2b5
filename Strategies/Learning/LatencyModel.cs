using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Learning;

/// <summary>
/// An online model of how much later than expected an answer will be: the logarithm of measured over expected time is linear in features that are known when the decision
/// is made, plus a part of the target's own. Learned by normalised gradient steps (AdaGrad, Duchi, Hazan and Singer 2011); weights of load features stay 0 or more, so that
/// more load never looks better. Thread-safe.
/// </summary>
/// <param name="learningRate">Weight of the newest answer, 0 to 1.</param>
/// <param name="memorySeconds">Seconds after which a target's own part counts half when no answer has come since.</param>
internal sealed class LatencyModel(double learningRate, double memorySeconds)
{
    /// <summary>Features: one, load, queue, waiting, KV cache, prompt, age, prefill share, round trip.</summary>
    public const int Features = 9;

    private const int FirstLoadFeature = 1;
    private const int LastLoadFeature = 4;
    private const double MaxWeight = 2;
    private const double Prior = 4;

    private readonly TargetMemory<OwnPart, Weights> _memory = new(static () => new());

    /// <summary>The features of a target, each about 0 to 4 at most.</summary>
    public static void Describe(in RankingInput input, int target, Span<double> features)
    {
        var t = input.Targets;
        ref readonly var cost = ref t.Cost[target];
        Fill(features, t.Load(target), cost.BatchSize, t.Waiting[target], t.KvCacheUsage[target], input.Request.PromptTokens, t.AgeSeconds(target, input.NowTicks), cost);
    }

    /// <summary>How the model stands for this decision: its weights, moved by seeded chance within what is not known yet.</summary>
    /// <param name="input">The decision.</param>
    /// <param name="exploration">Standard deviations of chance; 0 takes the weights as they are.</param>
    /// <param name="weights">Room for <see cref="Features"/> weights and the number of answers they rest on.</param>
    public void Draw(in RankingInput input, double exploration, Span<double> weights)
    {
        var model = _memory.For(input.Targets).Model;
        for (var i = 0; i < Features; i++)
        {
            var weight = model.Value[i] + exploration * model.Doubt(i) * Chance(input.Seed, i);
            weights[i] = i is >= FirstLoadFeature and <= LastLoadFeature ? Math.Max(0, weight) : weight;
        }
        weights[Features] = model.Answers;
    }

    /// <summary>What is known of the target itself, in logarithms: its mean difference, less a share of its doubt so that who is seldom asked is asked again.</summary>
    public double Own(in RankingInput input, int target, double exploration)
    {
        ref readonly var row = ref _memory.For(input.Targets).Rows[target];
        var silent = Math.Max(0, input.NowTicks - row.AtTicks) / (double)TimeSpan.TicksPerSecond;
        var known = row.Lateness.Beyond(ServiceCorrections.Misfit, Prior) * memorySeconds / (memorySeconds + silent);
        return known - exploration / Math.Sqrt(1 + row.Lateness.Count) * (0.5 + 0.5 * Math.Clamp(Chance(input.Seed, target + Features), -1, 1));
    }

    /// <summary>Remembers what the decision knew, until the answer comes.</summary>
    public void Dispatched(in RankingInput input, int target)
    {
        var view = _memory.For(input.Targets);
        lock (_memory.Gate) view.Model.Keep(target, input.Request.PromptTokens, input.Targets.Waiting[target], input.Targets.KvCacheUsage[target], input.Targets.AgeSeconds(target, input.NowTicks));
    }

    /// <summary>Learns from an answer.</summary>
    public void Completed(in Outcome outcome)
    {
        if (!outcome.Succeeded || !(outcome.E2eSeconds > 0)) return;
        lock (_memory.Gate)
        {
            foreach (var view in _memory.Views)
            {
                var row = view.RowOf(outcome);
                if (row >= 0) Learn(view, row, outcome);
            }
        }
    }

    private void Learn(TargetMemory<OwnPart, Weights>.View view, int row, in Outcome answer)
    {
        var targets = view.Targets;
        ref readonly var cost = ref targets.Cost[row];
        var (waiting, kv, age) = view.Model.Recall(row, answer.PromptTokens);
        Span<double> features = stackalloc double[Features];
        Fill(features, answer.LoadAtDispatch, answer.BatchIn(cost), waiting, kv, answer.PromptTokens, age, cost);

        var expected = Expectation.Of(targets, row, answer).E2eSeconds;
        var late = LogMean.Log(answer.E2eSeconds / expected);
        ref var own = ref view.Rows[row];
        view.Model.Step(features, late - own.Lateness.Shrunk(Prior), learningRate);
        own.Lateness.Observe(late - view.Model.Predict(features), learningRate);
        own.AtTicks = Math.Max(own.AtTicks, answer.CompletedAtTicks);
    }

    private static void Fill(Span<double> features, double load, double batch, double waiting, double kv, int promptTokens, double ageSeconds, in TargetCost cost)
    {
        load = TargetSet.Or(load, 0);
        features[0] = 1;
        features[1] = Math.Min(load / batch, 4);
        features[2] = Math.Min(Math.Max(0, load - batch) / batch, 4);
        features[3] = Math.Min(TargetSet.Or(waiting, 0) / batch, 4);
        features[4] = Math.Min(TargetSet.Or(kv, 0.5), 1);
        features[5] = Math.Log2(1.0 + Math.Max(0, promptTokens)) / 16;
        features[6] = Math.Min(ageSeconds, 10) / 10;
        var prefill = Math.Max(0, promptTokens) * cost.PrefillSecondsPerToken;
        features[7] = prefill / (prefill + CostModel.Fallback.OutputTokens * cost.SoloSeconds);
        features[8] = double.IsNaN(cost.RttSeconds) ? 0 : Math.Min(cost.RttSeconds, 1);
    }

    /// <summary>About normal, within -2 to 2, the same for the same seed.</summary>
    private static double Chance(ulong seed, int what)
    {
        // The sum of four uniform 16-bit parts of one hash: variance 4/12, so times sqrt(3) for one; bounded by construction.
        var hash = TieBreak.Hash(seed ^ 0xC2B2AE3D27D4EB4FUL, what);
        var sum = (hash & 0xFFFF) + (hash >> 16 & 0xFFFF) + (hash >> 32 & 0xFFFF) + (hash >> 48);
        return Math.Clamp((sum / 65535.0 - 2) * 1.7320508, -2, 2);
    }

    /// <summary>The part of one target.</summary>
    private struct OwnPart
    {
        public LogMean Lateness;
        public long AtTicks;
    }

    /// <summary>The shared part of the model.</summary>
    private sealed class Weights
    {
        private const int Kept = 4096;
        private readonly double[] _squares = new double[Features];
        private readonly Pending[] _pending = new Pending[Kept];

        public double[] Value { get; } = new double[Features];

        public int Answers { get; private set; }

        /// <summary>How little has been seen of a feature: 1/2 at first, to zero.</summary>
        public double Doubt(int feature) => 0.5 / Math.Sqrt(1 + _squares[feature]);

        public double Predict(ReadOnlySpan<double> features)
        {
            var sum = 0.0;
            for (var i = 0; i < Features; i++) sum += Value[i] * features[i];
            return sum;
        }

        public void Step(ReadOnlySpan<double> features, double wanted, double rate)
        {
            var error = wanted - Predict(features);
            var length = 0.0;
            for (var i = 0; i < Features; i++) length += features[i] * features[i];
            for (var i = 0; i < Features; i++)
            {
                _squares[i] += features[i] * features[i];
                var step = rate * error * features[i] / length + error * features[i] / (1 + _squares[i]) / Features;
                var least = i is >= FirstLoadFeature and <= LastLoadFeature ? 0 : -MaxWeight;
                Volatile.Write(ref Value[i], Math.Clamp(Value[i] + step, least, MaxWeight));
            }
            if (Answers < int.MaxValue) Answers++;
        }

        /// <summary>The newest of what shares a place wins: feedback without its features learns from means instead, no more.</summary>
        public void Keep(int target, int promptTokens, double waiting, double kv, double age) => _pending[Place(target, promptTokens)] = new(target + 1, promptTokens, waiting, kv, age);

        public (double Waiting, double Kv, double Age) Recall(int target, int promptTokens)
        {
            ref readonly var kept = ref _pending[Place(target, promptTokens)];
            return kept.Target == target + 1 && kept.PromptTokens == promptTokens ? (kept.Waiting, kept.Kv, kept.Age) : (double.NaN, double.NaN, 0);
        }

        private static int Place(int target, int promptTokens) => (int)(TieBreak.Hash((ulong)(uint)promptTokens, target) % Kept);

        private readonly record struct Pending(int Target, int PromptTokens, double Waiting, double Kv, double Age);
    }
}
