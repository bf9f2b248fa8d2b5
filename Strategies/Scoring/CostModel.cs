using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Scoring;

/// <summary>
/// Prices a target in seconds, so that different GPUs, MIG slices and links compare on one scale. What a reading does not tell
/// falls back to the figures of <see cref="Fallback"/>, which are deliberately those of a modest GPU.
/// </summary>
public sealed record CostModel
{
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

    /// <summary>Share of the queue, prefill and decode estimate that is added per second of a reading's age, 0 or more.</summary>
    public double UncertaintyPerSecond { get; init; } = 0.02;

    /// <summary>Round trip in seconds of each link class where none was measured: unknown, same zone, same region, WAN.</summary>
    public IReadOnlyList<double> LinkRttSeconds { get; init; } = [0.001, 0.0005, 0.002, 0.06];

    /// <summary>Bytes per second of each link class: unknown, same zone, same region, WAN.</summary>
    public IReadOnlyList<double> LinkBytesPerSecond { get; init; } = [1.25e9, 3e9, 1.25e9, 1.25e8];

    /// <summary>The terms for one target: each finite, 0 to <see cref="MaxTermSeconds"/>, whatever the readings say.</summary>
    public CostTerms Price(in RankingInput input, int target)
    {
        var t = input.Targets;
        var request = input.Request;
        var prefillRate = Positive(t.PrefillTokensPerSecond[target], Fallback.PrefillTokensPerSecond);
        var decodeRate = Positive(t.DecodeTokensPerSecond[target], Fallback.DecodeTokensPerSecond);
        var soloToken = Positive(t.MinSecondsPerToken[target], Fallback.MinSecondsPerToken);
        var batch = t.BatchSize(target);
        var output = request.OutputTokens > 0 ? request.OutputTokens : Fallback.OutputTokens;
        var age = t.AgeSeconds(target, input.NowTicks);

        var load = t.Load(target);
        var prefill = request.PromptTokens / prefillRate;
        var decode = output * SecondsPerToken(Math.Min(load + 1, batch), batch, soloToken, decodeRate);
        // Places in the batch come free one by one; a waiting request stands behind those before it.
        var waiting = Math.Max(0, load + 1 - batch);
        var slotWait = waiting * (prefill + decode) / batch;
        // Prompts sent there since the reading that the GPU cannot have worked off yet.
        var backlog = t.Local[target].DispatchedPromptTokens - t.Baseline[target].DispatchedPromptTokens;
        var prefillWait = Math.Max(0, backlog / prefillRate - (double.IsFinite(age) ? age : 0));
        var queue = slotWait + prefillWait;

        var link = (int)t.Link(target, request.Origin);
        var rtt = TargetSet.Or(t.RttSeconds[target], LinkRttSeconds[link]);
        var network = NetworkWeight * (rtt + request.PayloadBytes / LinkBytesPerSecond[link]);
        // Nobody knows how long it loads: no weight makes that a target that is ready.
        var cold = double.IsFinite(t.ColdStartSeconds[target]) ? ColdStartWeight * t.ColdStartSeconds[target] : MaxTermSeconds;
        // The request's share of the GPU, not its wall time: that is what a dollar buys.
        var gpuSeconds = prefill + output / decodeRate;
        var money = SecondsPerDollar * TargetSet.Or(t.PricePerHour[target], 0) / 3600 * gpuSeconds;
        var uncertainty = UncertaintyPerSecond * Math.Min(double.IsFinite(age) ? age : 30, 30) * (queue + prefill + decode);
        return new(Bounded(queue), Bounded(prefill), Bounded(decode), Bounded(network), Bounded(cold), Bounded(money), Bounded(uncertainty));
    }

    /// <summary>
    /// Time per output token in a batch of n. A step reads the weights once and adds work per sequence, so it grows linearly from the
    /// solo speed to that of the full batch; no batch generates more than the GPU's rate.
    /// </summary>
    private static double SecondsPerToken(double n, double batch, double soloToken, double decodeRate)
    {
        var slope = batch > 1 ? Math.Max(0, batch / decodeRate - soloToken) / (batch - 1) : 0;
        return Math.Max(soloToken + slope * (n - 1), n / decodeRate);
    }

    // Sums of bounded terms stay finite: they compare, and they can be written as JSON.
    private static double Bounded(double seconds) => seconds is >= 0 and <= MaxTermSeconds ? seconds : seconds < 0 ? 0 : MaxTermSeconds;

    private static double Positive(double value, double fallback) => double.IsFinite(value) && value > 0 ? value : fallback;
}
