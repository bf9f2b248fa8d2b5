namespace InferMesh.Cli.Sim.Output;

/// <summary>The tables of one strategy; times in milliseconds, quantiles are means over the runs.</summary>
internal static class MetricsCsv
{
    /// <summary><c>metrics.csv</c>: latencies by kind and request type.</summary>
    public static string ByType(MetricsDocument metrics)
    {
        var csv = new Csv("metric_type", "request_type", "p50", "p95", "p99", "p999", "mean", "max", "count");
        foreach (var (kind, groups) in Kinds(metrics))
        {
            foreach (var (type, q) in groups) csv.Row([kind, type, .. Fields(q)]);
        }
        return csv.ToString();
    }

    /// <summary><c>groups.csv</c>: latencies by tenant and SLO class.</summary>
    public static string ByGroup(MetricsDocument metrics)
    {
        var csv = new Csv("group", "name", "arrived", "slo_attainment", "metric_type", "p50", "p95", "p99", "p999", "mean", "max", "count");
        foreach (var (group, members) in new[] { ("slo_class", metrics.BySloClass), ("tenant", metrics.ByTenant) })
        {
            foreach (var (name, m) in members)
            {
                foreach (var (kind, q) in new[] { ("latency", m.Latency), ("queue_wait", m.QueueWait), ("service", m.Service), ("ttft", m.Ttft), ("tpot", m.Tpot), ("itl", m.Itl) })
                    csv.Row([group, name, m.Arrived == 0 ? "" : Csv.Number(m.Arrived), Csv.Number(m.SloAttainment), kind, .. Fields(q)]);
            }
        }
        return csv.ToString();
    }

    private static IEnumerable<(string Kind, IReadOnlyDictionary<string, QuantileDocument> Groups)> Kinds(MetricsDocument m) =>
    [
        ("latency", m.LatencyByType), ("queue_wait", m.QueueWaitByType), ("service", m.ServiceByType),
        ("ttft", m.TtftByType), ("tpot", m.TpotByType), ("itl", m.ItlByType),
    ];

    private static string[] Fields(QuantileDocument q) =>
        [Csv.Number(q.P50Ms), Csv.Number(q.P95Ms), Csv.Number(q.P99Ms), Csv.Number(q.P999Ms), Csv.Number(q.MeanMs), Csv.Number(q.MaxMs), Csv.Number(q.Count)];
}
