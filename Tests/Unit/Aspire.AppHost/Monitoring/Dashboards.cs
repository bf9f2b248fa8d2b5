namespace InferMesh.Tests.Unit.AppHost.Monitoring;

/// <summary>All dashboards. A change here is written to the files by the test, with INFERMESH_UPDATE_GOLDEN=1.</summary>
internal static class Dashboards
{
    public static IReadOnlyList<Dashboard> All { get; } =
    [
        OverviewDashboards.Overview, OverviewDashboards.Tenants, FleetDashboards.Models, FleetDashboards.Gpus, FleetDashboards.Training, RouterDashboard.Router,
    ];

    public static Panel Lines(string title, string unit, params IReadOnlyList<PanelQuery> queries) => new(title, PanelKind.Lines, unit, queries);

    public static Panel Stack(string title, string unit, params IReadOnlyList<PanelQuery> queries) => new(title, PanelKind.Stack, unit, queries);

    public static Panel Number(string title, string unit, string expression) => new(title, PanelKind.Number, unit, [new(expression, title)]);

    public static Panel Table(string title, string unit, string expression) => new(title, PanelKind.Table, unit, [new(expression, "")]);

    /// <summary>The 50th, 95th and 99th percentile of a histogram.</summary>
    public static Panel Percentiles(string title, string histogram, string selector = "", string description = "") => new(
        title, PanelKind.Lines, "s", [.. new[] { ("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99") }.Select(p => new PanelQuery($"histogram_quantile({p.Item1}, sum by (le) ({Rate($"{histogram}_bucket", selector)}))", p.Item2, Exemplars: true))], description);

    public static string Rate(string counter, string selector = "") => $"rate({counter}{(selector.Length > 0 ? $"{{{selector}}}" : "")}[$__rate_interval])";

    /// <summary>Increase per second of a counter by one or several labels.</summary>
    public static PanelQuery RateBy(string counter, string labels, string selector = "") => new(
        $"sum by ({labels}) ({Rate(counter, selector)})", string.Join(" ", labels.Split(", ").Select(static l => $"{{{{{l}}}}}")));
}
