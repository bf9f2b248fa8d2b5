using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Results;

/// <summary>What one strategy did with one seed. Synthetic: a model of a fleet, no measurement of one. Times in seconds.</summary>
public sealed record StrategyResult
{
    /// <summary>Name of the strategy.</summary>
    public required string Strategy { get; init; }

    /// <summary>Seed of the run.</summary>
    public required ulong Seed { get; init; }

    /// <summary>False when the run was stopped before its horizon: the figures are complete up to <see cref="SimulatedSeconds"/>.</summary>
    public required bool Complete { get; init; }

    /// <summary>Simulated seconds.</summary>
    public required double SimulatedSeconds { get; init; }

    /// <summary>Events handled.</summary>
    public required long Events { get; init; }

    /// <summary>Where every request went.</summary>
    public required RequestCounts Requests { get; init; }

    /// <summary>Latencies of all completed requests.</summary>
    public required LatencySet All { get; init; }

    /// <summary>The same by request type; only types that occurred.</summary>
    public required IReadOnlyDictionary<RequestType, LatencySet> ByType { get; init; }

    /// <summary>The same by tenant: the ten with most requests, by number.</summary>
    public required IReadOnlyDictionary<int, LatencySet> ByTenant { get; init; }

    /// <summary>The same by SLO class, with attainment.</summary>
    public required IReadOnlyDictionary<string, SloResult> BySloClass { get; init; }

    /// <summary>Share of arrived requests (unfinished, rejected and dropped included) that met their SLO; the default SLO where no class is configured.</summary>
    public required double SloAttainment { get; init; }

    /// <summary>Requests per second that met their SLO.</summary>
    public required double GoodputRps { get; init; }

    /// <summary>Completed requests per second.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Output tokens per second.</summary>
    public required double OutputTokensPerSecond { get; init; }

    /// <summary>Prompt and output tokens per second of completed requests.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Share of time that targets computed, over targets.</summary>
    public required Spread Utilisation { get; init; }

    /// <summary>Share of device memory in use, over targets, averaged over time.</summary>
    public required Spread Vram { get; init; }

    /// <summary>Share of KV cache in use, over targets, averaged over time.</summary>
    public required Spread Kv { get; init; }

    /// <summary>Requests of the busiest target over those of the mean target.</summary>
    public required double BusiestOverMean { get; init; }

    /// <summary>Hedges.</summary>
    public required HedgeCounts Hedges { get; init; }

    /// <summary>Bytes sent between cells: prompts, answers and KV blocks.</summary>
    public required double NetworkBytes { get; init; }

    /// <summary>KV blocks that went from nodes that prefill to nodes that decode.</summary>
    public KvTransferResult KvTransfers { get; init; } = new(0, 0, 0);

    /// <summary>Money, from GPU hours, idle ones included.</summary>
    public required CostResult Cost { get; init; }

    /// <summary>Mean age of the readings behind the picks, seconds.</summary>
    public required double SignalAgeSeconds { get; init; }

    /// <summary>Prompt blocks found in a prefix cache over prompt blocks asked for; 0 when none were.</summary>
    public required double PrefixHitRate { get; init; }

    /// <summary>Times that a running request lost its KV blocks to others and was computed again.</summary>
    public long Preemptions { get; init; }

    /// <summary>Requests on the fleet, averaged over time: the L of Little's law.</summary>
    public required double MeanInSystem { get; init; }

    /// <summary>Decisions of a strategy outside the catalogue; null for one within.</summary>
    public PluginUse? Plugin { get; init; }

    /// <summary>Time series, one row per sample.</summary>
    public required IReadOnlyList<SeriesPoint> Series { get; init; }

    /// <summary>Share of time that targets computed: rows are up to 64 groups of targets in order, columns the samples of <see cref="Series"/>.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> UtilisationHeat { get; init; }
}

/// <summary>Where every request went: arrived = completed + unfinished + rejected + dropped.</summary>
/// <param name="Arrived">Requests that arrived.</param>
/// <param name="Completed">Answered in full.</param>
/// <param name="Unfinished">Still waiting or running at the horizon.</param>
/// <param name="Rejected">Turned away by admission.</param>
/// <param name="Dropped">Could never fit, or lost with a node that failed.</param>
public sealed record RequestCounts(long Arrived, long Completed, long Unfinished, long Rejected, long Dropped);

/// <summary>Latencies of a group of completed requests.</summary>
/// <param name="Count">Completed requests.</param>
/// <param name="E2e">Arrival to last token.</param>
/// <param name="QueueWait">Arrival to start on a node.</param>
/// <param name="Service">Start to last token.</param>
/// <param name="Ttft">Arrival to first token.</param>
/// <param name="Tpot">Time per output token after the first, of requests with two and more.</param>
/// <param name="Itl">Gaps between tokens, each counted.</param>
public sealed record LatencySet(long Count, Quantiles E2e, Quantiles QueueWait, Quantiles Service, Quantiles Ttft, Quantiles Tpot, Quantiles Itl);

/// <summary>Quantiles in seconds, within 1 percent; all zero without values.</summary>
/// <param name="Count">Values.</param>
/// <param name="P50">Median.</param>
/// <param name="P90">90th percentile.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="P999">99.9th percentile.</param>
/// <param name="Mean">Mean, exact.</param>
/// <param name="Max">Greatest, exact.</param>
/// <param name="Cdf">Points of the distribution function for a plot: seconds and share; at most 100.</param>
public sealed record Quantiles(
    long Count, double P50, double P90, double P95, double P99, double P999, double Mean, double Max, IReadOnlyList<CdfPoint> Cdf);

/// <summary>One point of a distribution function.</summary>
/// <param name="Seconds">Value.</param>
/// <param name="Share">Share of values at or below it.</param>
public readonly record struct CdfPoint(double Seconds, double Share);

/// <summary>One SLO class.</summary>
/// <param name="Arrived">Requests that arrived.</param>
/// <param name="Attainment">Share that met all goals.</param>
/// <param name="Latency">Latencies of the completed.</param>
public sealed record SloResult(long Arrived, double Attainment, LatencySet Latency);

/// <summary>A quantity over targets.</summary>
/// <param name="Mean">Mean.</param>
/// <param name="StdDev">Standard deviation.</param>
/// <param name="Min">Least.</param>
/// <param name="Max">Greatest.</param>
public sealed record Spread(double Mean, double StdDev, double Min, double Max);

/// <summary>Hedges.</summary>
/// <param name="Fired">Second copies sent.</param>
/// <param name="Won">Second copies whose answer was used.</param>
/// <param name="Wasted">Copies cancelled after they had produced work.</param>
/// <param name="WastedTokens">Tokens that cancelled copies had computed.</param>
public sealed record HedgeCounts(long Fired, long Won, long Wasted, double WastedTokens);

/// <summary>Transfers of KV blocks; all 0 where every node prefills and decodes.</summary>
/// <param name="Count">Transfers begun.</param>
/// <param name="Bytes">Bytes that they move, within cells and between.</param>
/// <param name="MeanSeconds">Mean seconds of one; 0 when there are none.</param>
public sealed record KvTransferResult(long Count, double Bytes, double MeanSeconds);

/// <summary>Money in US dollars.</summary>
/// <param name="GpuHours">GPU hours, idle ones included.</param>
/// <param name="Total">Their price.</param>
/// <param name="Per1kTokens">Price per 1,000 prompt and output tokens of completed requests; 0 when there are none.</param>
/// <param name="PerSloMetRequest">Price per request that met its SLO; 0 when there are none.</param>
/// <param name="Per1kSloMetTokens">Price per 1,000 tokens of requests that met their SLO; 0 when there are none.</param>
public sealed record CostResult(double GpuHours, double Total, double Per1kTokens, double PerSloMetRequest, double Per1kSloMetTokens);

/// <summary>One sample of the time series.</summary>
/// <param name="Seconds">End of the sample.</param>
/// <param name="ArrivedRps">Arrivals per second in it.</param>
/// <param name="CompletedRps">Completions per second in it.</param>
/// <param name="Running">Requests in batches at its end.</param>
/// <param name="Waiting">Requests waiting at its end.</param>
/// <param name="TtftP99">99th percentile of the time to first token in it, seconds; 0 without values.</param>
/// <param name="Utilisation">Mean utilisation in it.</param>
public readonly record struct SeriesPoint(double Seconds, double ArrivedRps, double CompletedRps, long Running, long Waiting, double TtftP99, double Utilisation);
