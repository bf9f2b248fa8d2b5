using InferMesh.Simulator.Results;

namespace InferMesh.Cli.Sim.Output;

/// <summary>Which way a figure is better.</summary>
internal enum Better
{
    Lower,
    Higher,

    /// <summary>It only describes.</summary>
    Neither,
}

/// <summary>One number of a run that is averaged over seeds.</summary>
/// <param name="Name">Name in files; ends in its unit.</param>
/// <param name="Title">Name for people.</param>
/// <param name="Better">Which way it is better.</param>
/// <param name="Of">Its value.</param>
internal sealed record Figure(string Name, string Title, Better Better, Func<StrategyResult, double> Of);

/// <summary>All figures of a run, in the order of the files. The names are a contract: figures may be added, never renamed.</summary>
internal static class Figures
{
    private const double Ms = 1000;

    public const string TtftP99 = "ttft_p99_ms";
    public const string E2eP99 = "e2e_p99_ms";
    public const string SloAttainment = "slo_attainment";
    public const string CostPer1kTokens = "cost_per_1k_tokens_usd";
    public const string CostPer1kSloMetTokens = "cost_per_1k_slo_met_tokens_usd";
    public const string Utilisation = "utilisation_mean";

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("ttft_p50_ms", "TTFT p50, ms", Better.Lower, static r => r.All.Ttft.P50 * Ms),
        new("ttft_p95_ms", "TTFT p95, ms", Better.Lower, static r => r.All.Ttft.P95 * Ms),
        new(TtftP99, "TTFT p99, ms", Better.Lower, static r => r.All.Ttft.P99 * Ms),
        new("ttft_mean_ms", "TTFT mean, ms", Better.Lower, static r => r.All.Ttft.Mean * Ms),
        new("ttft_p90_ms", "TTFT p90, ms", Better.Lower, static r => r.All.Ttft.P90 * Ms),
        new("tpot_p50_ms", "TPOT p50, ms", Better.Lower, static r => r.All.Tpot.P50 * Ms),
        new("tpot_p99_ms", "TPOT p99, ms", Better.Lower, static r => r.All.Tpot.P99 * Ms),
        new("itl_p99_ms", "ITL p99, ms", Better.Lower, static r => r.All.Itl.P99 * Ms),
        new("e2e_p50_ms", "E2E p50, ms", Better.Lower, static r => r.All.E2e.P50 * Ms),
        new("e2e_p95_ms", "E2E p95, ms", Better.Lower, static r => r.All.E2e.P95 * Ms),
        new(E2eP99, "E2E p99, ms", Better.Lower, static r => r.All.E2e.P99 * Ms),
        new("e2e_mean_ms", "E2E mean, ms", Better.Lower, static r => r.All.E2e.Mean * Ms),
        new("queue_wait_mean_ms", "queue wait mean, ms", Better.Lower, static r => r.All.QueueWait.Mean * Ms),
        new("queue_wait_p99_ms", "queue wait p99, ms", Better.Lower, static r => r.All.QueueWait.P99 * Ms),
        new("service_mean_ms", "service mean, ms", Better.Lower, static r => r.All.Service.Mean * Ms),
        new("service_p99_ms", "service p99, ms", Better.Lower, static r => r.All.Service.P99 * Ms),
        new(SloAttainment, "SLO attainment", Better.Higher, static r => r.SloAttainment),
        new("goodput_rps", "goodput, requests/s", Better.Higher, static r => r.GoodputRps),
        new("requests_per_second", "requests/s", Better.Higher, static r => r.RequestsPerSecond),
        new("output_tokens_per_second", "output tokens/s", Better.Higher, static r => r.OutputTokensPerSecond),
        new("tokens_per_second", "tokens/s", Better.Higher, static r => r.TokensPerSecond),
        new("completed_share", "completed share", Better.Higher, static r => Share(r.Requests.Completed, r.Requests.Arrived)),
        new(Utilisation, "utilisation", Better.Neither, static r => r.Utilisation.Mean),
        new("utilisation_std_dev", "utilisation spread", Better.Neither, static r => r.Utilisation.StdDev),
        new("busiest_over_mean", "busiest/mean target", Better.Neither, static r => r.BusiestOverMean),
        new("vram_mean", "device memory in use", Better.Neither, static r => r.Vram.Mean),
        new("kv_mean", "KV cache in use", Better.Neither, static r => r.Kv.Mean),
        new("preemptions", "preemptions", Better.Lower, static r => r.Preemptions),
        new("prefix_hit_rate", "prefix hit rate", Better.Higher, static r => r.PrefixHitRate),
        new("hedges_fired_share", "hedged share", Better.Neither, static r => Share(r.Hedges.Fired, r.Requests.Arrived)),
        new("hedge_win_rate", "hedge win rate", Better.Neither, static r => Share(r.Hedges.Won, r.Hedges.Fired)),
        new("network_bytes", "bytes between cells", Better.Lower, static r => r.NetworkBytes),
        new("kv_transfer_bytes", "bytes of KV blocks moved", Better.Neither, static r => r.KvTransfers.Bytes),
        new("kv_transfer_ms", "KV transfer, ms", Better.Lower, static r => r.KvTransfers.MeanSeconds * Ms),
        new("signal_age_ms", "age of readings, ms", Better.Neither, static r => r.SignalAgeSeconds * Ms),
        new("mean_in_system", "requests in the system", Better.Lower, static r => r.MeanInSystem),
        new("gpu_hours", "GPU hours", Better.Neither, static r => r.Cost.GpuHours),
        new(CostPer1kTokens, "USD per 1k tokens", Better.Lower, static r => r.Cost.Per1kTokens),
        new("cost_per_slo_met_request_usd", "USD per SLO-met request", Better.Lower, static r => r.Cost.PerSloMetRequest),
        new(CostPer1kSloMetTokens, "USD per 1k SLO-met tokens", Better.Lower, static r => r.Cost.Per1kSloMetTokens),
    ];

    public static Figure Get(string name) => All.First(f => f.Name == name);

    private static double Share(long part, long whole) => whole == 0 ? 0 : (double)part / whole;
}
