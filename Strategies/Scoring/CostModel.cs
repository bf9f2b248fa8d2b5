using System.Runtime.CompilerServices;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Scoring;

/// <summary>
/// Prices a target in seconds, so that different GPUs, MIG slices and links compare on one scale. What a reading does not tell
/// falls back to the figures of <see cref="Fallback"/>, which are deliberately those of a modest GPU.
/// </summary>
public sealed partial record CostModel
{
    /// <summary>Age beyond which a reading is not held against a target any more.</summary>
    internal const double MaxAgeSeconds = 30;

    // Arrays of their own: an indexer of an interface costs more here than the arithmetic.
    private static readonly double[] LinkDollarsPerByte = [.. LinkClasses.Defaults.Select(static f => f.DollarsPerByte)];
    private static readonly double[] UsualRttSeconds = [.. LinkClasses.Defaults.Select(static f => f.RttSeconds)];
    private static readonly double[] UsualBytesPerSecond = [.. LinkClasses.Defaults.Select(static f => f.BytesPerSecond)];

    private readonly double[] _linkRttSeconds = UsualRttSeconds;
    private readonly double[] _linkBytesPerSecond = UsualBytesPerSecond;

    /// <summary>Most that one term can be: about 30 years, beyond any time that a caller waits.</summary>
    public const double MaxTermSeconds = 1e9;

    /// <summary>Figures for a target whose capability is unknown (an L4 with an 8B model, rounded).</summary>
    public static class Fallback
    {
        /// <summary>Prompt tokens per second.</summary>
        public const double PrefillTokensPerSecond = 4_000;

        /// <summary>Generated tokens per second of a full batch.</summary>
        public const double DecodeTokensPerSecond = 600;

        /// <summary>Seconds per output token of a lone sequence.</summary>
        public const double MinSecondsPerToken = 0.03;

        /// <summary>Sequences per batch.</summary>
        public const double MaxConcurrency = 64;

        /// <summary>Output tokens when the request names none.</summary>
        public const int OutputTokens = 128;
    }

    /// <summary>Weight of the network term, 0 or more; 1 takes it as measured.</summary>
    public double NetworkWeight { get; init; } = 1;

    /// <summary>Weight of the cold-start term, 0 or more.</summary>
    public double ColdStartWeight { get; init; } = 1;

    /// <summary>Seconds that one US dollar is worth; 0 leaves money out.</summary>
    public double SecondsPerDollar { get; init; }

    /// <summary>What a second that other requests lose is worth, 0 or more; 0 is a choice that is best for this request alone (<see cref="Externality"/>).</summary>
    public double ThroughputWeight { get; init; }

    /// <summary>Share of the queue, prefill and decode estimate that is added per second of a reading's age, 0 or more.</summary>
    public double UncertaintyPerSecond { get; init; } = 0.02;

    /// <summary>Round trip in seconds of each <see cref="LinkClass"/>, where none was measured.</summary>
    public IReadOnlyList<double> LinkRttSeconds
    {
        get => _linkRttSeconds;
        init => _linkRttSeconds = [.. value];
    }

    /// <summary>Bytes per second of each <see cref="LinkClass"/>.</summary>
    public IReadOnlyList<double> LinkBytesPerSecond
    {
        get => _linkBytesPerSecond;
        init => _linkBytesPerSecond = [.. value];
    }

    /// <summary>How much of a price that rests on a reading is known, 0 to 1: the price without its uncertainty over the price with it, where the weight of uncertainty is the default.</summary>
    /// <param name="ageSeconds">Age of the reading, 0 or more.</param>
    public static double Confidence(double ageSeconds) => 1 / (1 + new CostModel().UncertaintyPerSecond * Math.Min(ageSeconds, MaxAgeSeconds));

    /// <summary>The terms for one target: each finite, 0 to <see cref="MaxTermSeconds"/>, whatever the readings say.</summary>
    public CostTerms Price(in RankingInput input, int target) => Price(input, target, new(input.Targets.Load(target)));

    /// <summary>The terms for one target as a strategy sees it.</summary>
    internal CostTerms Price(in RankingInput input, int target, in TargetView view) => Price(input, target, view, ThroughputWeight > 0, out _);

    /// <summary>The same without what it costs the others, for who prices that otherwise (<see cref="Balance(in RankingInput, int, double, double, double, double)"/>).</summary>
    internal CostTerms PriceAlone(in RankingInput input, int target, double load, out double backlog) => Price(input, target, new(load), false, out backlog);

    // Both are on the way of every decision.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private CostTerms Price(in RankingInput input, int target, in TargetView view, bool others, out double backlog)
    {
        var t = input.Targets;
        ref readonly var cost = ref t.Cost[target];
        var request = input.Request;
        var output = ExpectedOutput(request);
        var age = Math.Min(t.AgeSeconds(target, input.NowTicks), view.MaxAgeSeconds);
        var batch = view.IgnoresReading ? cost.MaxBatchSize : cost.BatchSize;

        var load = view.Load;
        var prefill = request.PromptTokens * cost.PrefillSecondsPerToken;
        var decode = output * cost.SecondsPerToken(Math.Min(load + 1, batch));
        // Places in the batch come free one by one; a waiting request stands behind those before it.
        var waiting = load + 1 - batch;
        backlog = t.PrefillBacklogSeconds(target, input.NowTicks);
        var queue = (waiting > 0 ? waiting * (view.ColdShare * prefill + decode) / batch : 0) + backlog;

        prefill = Math.Max(0, prefill - view.SavedTokens * cost.PrefillSecondsPerToken);

        var distances = input.Distances;
        var rtt = distances is not null && distances.RttSeconds[target] is var known && !double.IsNaN(known) ? known : cost.RttSeconds;
        double network, carriage = 0;
        if (double.IsNaN(rtt) || request.PayloadBytes > 0)
        {
            var link = (int)t.Link(target, request.Origin);
            // What a port of the node still lets through is the most, where it is known.
            var rate = distances is null ? _linkBytesPerSecond[link] : Math.Min(_linkBytesPerSecond[link], distances.BytesPerSecond[target]);
            network = NetworkWeight * ((double.IsNaN(rtt) ? _linkRttSeconds[link] : rtt) + request.PayloadBytes / rate);
            carriage = request.PayloadBytes * LinkDollarsPerByte[link];
        }
        else
        {
            network = NetworkWeight * rtt;
        }
        // Nobody knows how long it loads: no weight makes that a target that is ready.
        var cold = double.IsFinite(cost.ColdStartSeconds) ? ColdStartWeight * cost.ColdStartSeconds : MaxTermSeconds;
        // The request's share of the GPU, not its wall time: that is what a dollar buys.
        var money = SecondsPerDollar > 0 ? SecondsPerDollar * (cost.DollarsPerSecond * (prefill + output * cost.SharePerSequenceSeconds) + carriage) : 0;
        var uncertainty = UncertaintyPerSecond * Math.Min(age, MaxAgeSeconds) * (queue + prefill + decode);
        var balance = others ? ThroughputWeight * Externality.Seconds(load, cost.SlopeSeconds * output, Externality.HoldUp(prefill, backlog, cost.SlackSeconds(load))) : 0;
        return new(Bounded(queue), Bounded(prefill), Bounded(decode), Bounded(network), Bounded(cold), Bounded(money), Bounded(uncertainty), Bounded(balance));
    }

    /// <summary>What the request costs the others on a target, weighed, when what is expected of it is corrected.</summary>
    /// <param name="input">The decision.</param>
    /// <param name="target">The target.</param>
    /// <param name="prefillSeconds">Prefill, corrected.</param>
    /// <param name="decodeFactor">Factor on the time of decoding.</param>
    public double Balance(in RankingInput input, int target, double prefillSeconds, double decodeFactor) =>
        Balance(input, target, prefillSeconds, decodeFactor, input.Targets.Load(target), input.Targets.PrefillBacklogSeconds(target, input.NowTicks));

    /// <summary>The same for who knows load and backlog.</summary>
    internal double Balance(in RankingInput input, int target, double prefillSeconds, double decodeFactor, double load, double backlog)
    {
        ref readonly var cost = ref input.Targets.Cost[target];
        var decodeSeconds = cost.SlopeSeconds * ExpectedOutput(input.Request) * decodeFactor;
        var holdUp = Externality.HoldUp(prefillSeconds, backlog, cost.SlackSeconds(load));
        return ThroughputWeight * Externality.Seconds(load, decodeSeconds, holdUp);
    }

    /// <summary>Output tokens that a request is priced with.</summary>
    internal static double ExpectedOutput(RoutingRequest request) => request.OutputTokens > 0 ? request.OutputTokens : Fallback.OutputTokens;

    /// <summary>A term within its bounds, 0 to <see cref="MaxTermSeconds"/>: sums of such stay finite, they compare, and they can be written as JSON.</summary>
    public static double Bounded(double seconds) => seconds is >= 0 and <= MaxTermSeconds ? seconds : seconds < 0 ? 0 : MaxTermSeconds;
}

/// <summary>What a strategy believes of a target where it differs from the reading.</summary>
/// <param name="Load">Requests on it.</param>
/// <param name="SavedTokens">Prompt tokens of this request that need no prefill.</param>
/// <param name="ColdShare">Share of the prompt tokens of others that do, 0..1.</param>
/// <param name="MaxAgeSeconds">Age beyond which a reading is not held against the target: it was not used.</param>
internal readonly record struct TargetView(double Load, double SavedTokens = 0, double ColdShare = 1, double MaxAgeSeconds = double.PositiveInfinity)
{
    /// <summary>Whether the reading was not used.</summary>
    public bool IgnoresReading => double.IsFinite(MaxAgeSeconds);
}
