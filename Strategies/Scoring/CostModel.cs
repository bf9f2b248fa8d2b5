using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Scoring;

/// <summary>
/// Prices a target in seconds, so that different GPUs, MIG slices and links compare on one scale. What a reading does not tell
/// falls back to the figures of <see cref="Fallback"/>, which are deliberately those of a modest GPU.
/// </summary>
public sealed record CostModel
{
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

    /// <summary>The terms for one target.</summary>
    public CostTerms Price(in RankingInput input, int target)
    {
        var t = input.Targets;
        var request = input.Request;
        var prefillRate = Positive(t.PrefillTokensPerSecond[target], Fallback.PrefillTokensPerSecond);
        var decodeRate = Positive(t.DecodeTokensPerSecond[target], Fallback.DecodeTokensPerSecond);
        var soloToken = Positive(t.MinSecondsPerToken[target], Fallback.MinSecondsPerToken);
        var batch = Positive(t.MaxConcurrency[target], Fallback.MaxConcurrency);
        var output = request.OutputTokens > 0 ? request.OutputTokens : Fallback.OutputTokens;
        var age = t.AgeSeconds(target, input.NowTicks);

        var load = t.Load(target);
        var prefill = request.PromptTokens / prefillRate;
        // A batch shares the GPU: a sequence decodes at its solo speed until the batch saturates the GPU, then at its share of it.
        var perToken = Math.Max(soloToken, (Math.Min(load, batch - 1) + 1) / decodeRate);
        var decode = output * perToken;
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
        var cold = ColdStartWeight * Math.Max(0, TargetSet.Or(t.ColdStartSeconds[target], 0));
        // The request's share of the GPU, not its wall time: that is what a dollar buys.
        var gpuSeconds = prefill + output / decodeRate;
        var money = SecondsPerDollar * TargetSet.Or(t.PricePerHour[target], 0) / 3600 * gpuSeconds;
        var uncertainty = UncertaintyPerSecond * Math.Min(double.IsFinite(age) ? age : 30, 30) * (queue + prefill + decode);
        return new(queue, prefill, decode, network, cold, money, uncertainty);
    }

    private static double Positive(double value, double fallback) => double.IsFinite(value) && value > 0 ? value : fallback;
}
