using System.ComponentModel;
using System.Text.Json.Serialization;
using InferMesh.Simulator.Results;

namespace InferMesh.Cli.Sim.Output;

/// <summary>
/// What one strategy did, over all seeds: <c>metrics.json</c>. A contract (docs/contracts/sim-metrics.schema.json): fields may be added,
/// never renamed or removed within one <see cref="Schema"/>. It holds nothing of the machine that ran it.
/// </summary>
internal sealed record MetricsDocument
{
    public const string CurrentSchema = "infermesh.sim-metrics/1";

    [Description("Name and version of this shape.")]
    public string Schema { get; init; } = CurrentSchema;

    [Description("Always true: a model of a fleet, no measurement of one.")]
    public bool Synthetic { get; init; } = true;

    [Description("Name of the strategy.")]
    public required string Strategy { get; init; }

    [Description("False when a run was stopped before its horizon or did not begin: figures are complete up to simulated_seconds.")]
    public required bool Complete { get; init; }

    [Description("Simulated seconds of the shortest run.")]
    public required double SimulatedSeconds { get; init; }

    [Description("Horizon of each run in seconds.")]
    public required double HorizonSeconds { get; init; }

    [Description("Events handled by all runs.")]
    public required long Events { get; init; }

    [Description("Requests of all runs: arrived = completed + unfinished + aborted; aborted = rejected + dropped.")]
    public required RequestCounters RequestCounters { get; init; }

    [Description("Each figure: mean over the runs and its 95 % interval (Student's t).")]
    public required IReadOnlyDictionary<string, IntervalDocument> Figures { get; init; }

    [Description("Arrival to last token, by request type; 'all' is all types.")]
    public required IReadOnlyDictionary<string, QuantileDocument> LatencyByType { get; init; }

    [Description("Arrival to start on a node, by request type.")]
    public required IReadOnlyDictionary<string, QuantileDocument> QueueWaitByType { get; init; }

    [Description("Start on a node to last token, by request type.")]
    public required IReadOnlyDictionary<string, QuantileDocument> ServiceByType { get; init; }

    [Description("Arrival to first token, by request type.")]
    public required IReadOnlyDictionary<string, QuantileDocument> TtftByType { get; init; }

    [Description("Time per output token after the first, by request type.")]
    public required IReadOnlyDictionary<string, QuantileDocument> TpotByType { get; init; }

    [Description("Gaps between tokens, by request type.")]
    public required IReadOnlyDictionary<string, QuantileDocument> ItlByType { get; init; }

    [Description("The ten tenants with most requests.")]
    public required IReadOnlyDictionary<string, GroupDocument> ByTenant { get; init; }

    [Description("Classes of requests with latency goals.")]
    public required IReadOnlyDictionary<string, GroupDocument> BySloClass { get; init; }

    [Description("Rates, means over the runs.")]
    public required ThroughputDocument Throughput { get; init; }

    [Description("Share of time that targets computed, mean over targets and runs, 0 to 1.")]
    public required double AverageUtilization { get; init; }

    [Description("Share of device memory in use, mean over targets, time and runs, 0 to 1.")]
    public required double AverageVramUtilization { get; init; }

    [Description("Second copies of requests, sums over the runs.")]
    public required HedgeDocument HedgeMetrics { get; init; }

    [Description("Money in US dollars from GPU hours, idle ones included; sums and ratios over the runs.")]
    public required CostDocument CostMetrics { get; init; }

    [Description("Of a plugin: what became of its rankings, sums over the runs; absent for a strategy of the catalogue."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PluginDocument? Plugin { get; init; }

    [Description("Points of the distribution functions of the first run, all types: [milliseconds, share of requests at or below].")]
    public required IReadOnlyDictionary<string, IReadOnlyList<double[]>> Cdf { get; init; }

    [Description("Time series of the first run.")]
    public required IReadOnlyList<SampleDocument> Series { get; init; }

    [Description("Share of time that targets computed in the first run: rows are groups of targets in order, columns the samples of series.")]
    public required IReadOnlyList<IReadOnlyList<double>> UtilisationHeat { get; init; }

    [Description("Every run by itself.")]
    public required IReadOnlyList<RunDocument> Runs { get; init; }

    /// <summary>Mean of a figure over the runs.</summary>
    public double Mean(string figure) => Figures[figure].Mean;

    /// <summary>A price does not exist where a run has nothing to divide by: its 0 means none, not free.</summary>
    public bool IsMissing(string figure) => figure.StartsWith("cost_", StringComparison.Ordinal) && Runs.Any(r => r.Figures[figure] <= 0);

    /// <summary>Seeds of the runs, in order.</summary>
    [JsonIgnore]
    public IReadOnlyList<ulong> Seeds => [.. Runs.Select(static r => r.Seed)];
}

internal sealed record RequestCounters(long Arrived, long Completed, long Aborted, long Unfinished, long Rejected, long Dropped);

internal sealed record IntervalDocument(
    double Mean,
    [property: Description("Lower end; null with one run, which says nothing of the next.")] double? Low,
    [property: Description("Upper end; null with one run.")] double? High,
    double StdDev);

internal sealed record QuantileDocument(
    double P50Ms, double P90Ms, double P95Ms, double P99Ms, double P999Ms,
    double MeanMs, double MaxMs,
    [property: Description("Values of all runs; quantiles are means over the runs.")] long Count);

internal sealed record GroupDocument(
    [property: Description("Requests that arrived; 0 where only completions are known.")] long Arrived,
    [property: Description("Share that met its goals; null where the group has none.")] double? SloAttainment,
    QuantileDocument Latency, QuantileDocument QueueWait, QuantileDocument Ttft, QuantileDocument Tpot, QuantileDocument Service, QuantileDocument Itl);

internal sealed record ThroughputDocument(double RequestsPerSecond, double TokensPerSecond, double OutputTokensPerSecond, double GoodputRps);

internal sealed record HedgeDocument(long Fired, long Won, long Wasted, double WastedTokens, double WinRate);

internal sealed record CostDocument(
    double GpuHours, double TotalUsd, double CostPer1kTokensUsd, double CostPerSloMetRequestUsd,
    [property: Description("0 when no request met its goal: see slo_attainment.")] double CostPer1kSloMetTokensUsd);

internal sealed record PluginDocument(
    [property: Description("Rankings that it was asked for.")] long Asked,
    [property: Description("Rankings that its fallback answered, by why.")] IReadOnlyDictionary<string, long> Fallbacks)
{
    /// <summary>Sums over runs; null when none was of a plugin.</summary>
    public static PluginDocument? Sum(IEnumerable<PluginUse?> uses)
    {
        var used = uses.OfType<PluginUse>().ToArray();
        var fallbacks = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (why, count) in used.SelectMany(static u => u.Fallbacks)) fallbacks[why] = fallbacks.GetValueOrDefault(why) + count;
        return used.Length > 0 ? new(used.Sum(static u => u.Asked), fallbacks) : null;
    }

    /// <summary>Share of the rankings that its fallback answered, 0 to 1.</summary>
    [JsonIgnore]
    public double FallbackShare => Asked == 0 ? 0 : Fallbacks.Values.Sum() / (double)Asked;

    /// <summary>What a fallback had to answer, in a sentence; null when it was nothing.</summary>
    public string? Doubt(string strategy, string decisions) => Fallbacks.Count == 0 ? null
        : $"{strategy} is a plugin whose fallback answered {Fallbacks.Values.Sum()} of {Asked} {decisions} ({string.Join(", ", Fallbacks.Select(static f => $"{f.Key} {f.Value}"))}): to that extent the figures are the fallback's.";
}

internal sealed record SampleDocument(
    double Seconds, double ArrivedRps, double CompletedRps, long Running, long Waiting,
    [property: Description("0 without values.")] double TtftP99Ms, double Utilisation);

internal sealed record RunDocument(ulong Seed, bool Complete, double SimulatedSeconds, long Events, IReadOnlyDictionary<string, double> Figures);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(MetricsDocument))]
internal sealed partial class MetricsJson : JsonSerializerContext;
