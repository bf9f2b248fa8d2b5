using static InferMesh.Tests.Unit.AppHost.Monitoring.Dashboards;

namespace InferMesh.Tests.Unit.AppHost.Monitoring;

/// <summary>How requests find their nodes, and how well.</summary>
internal static class RouterDashboard
{
    public static Dashboard Router { get; } = new(
        "infermesh-router", "InferMesh: router", "Are decisions good, and what becomes of them?",
        [
            new(
                "Decisions",
                Stack("By outcome and strategy", "ops", RateBy("infermesh_routing_decisions_total", "outcome, strategy", "dry_run=\"false\"")),
                new Panel("Candidates per decision", PanelKind.Stack, "short", [new("sum by (reason) (rate(infermesh_decision_candidates_total[$__rate_interval])) / on () group_left () sum(rate(infermesh_decision_sampled_total[$__rate_interval]))", "{{reason}}")], "Targets of the model in sampled decisions, by why they were ruled out; none: they could be picked."),
                new Panel("Age of readings in the table", PanelKind.Lines, "s", [.. new[] { "0.5", "0.95", "0.99" }.Select(q => new PanelQuery($"histogram_quantile({q}, sum by (le) ({Rate("infermesh_routing_signal_age_seconds_bucket")}))", $"p{q[2..].PadRight(2, '0')}"))])),
            new(
                "Quality",
                new Panel("Herd index", PanelKind.Lines, "short", [new("max by (model) (infermesh_decision_herd_index)", "{{model}}")], "1: requests fall on targets like dice; the number of targets: one got them all. Targets of unequal strength raise it; what tells is a change."),
                new Panel("Error of the expected time to first token", PanelKind.Lines, "s", [.. new[] { "0.5", "0.95" }.Select(q => new PanelQuery($"histogram_quantile({q}, sum by (le, strategy) ({Rate("infermesh_decision_ttft_error_seconds_bucket")}))", $"{{{{strategy}}}} p{q[2..].PadRight(2, '0')}"))]),
                new Panel("Actual over expected time to first token", PanelKind.Lines, "short", [new($"histogram_quantile(0.5, sum by (le, strategy) ({Rate("infermesh_decision_ttft_ratio_bucket")}))", "{{strategy}} p50")])),
            new(
                "Live strategy against its shadow",
                Lines("Same pick", "percentunit", new PanelQuery("(sum by (strategy, shadow) (rate(infermesh_decision_shadow_total{same=\"true\"}[$__rate_interval])) or 0 * sum by (strategy, shadow) (rate(infermesh_decision_shadow_total[$__rate_interval]))) / sum by (strategy, shadow) (rate(infermesh_decision_shadow_total[$__rate_interval]))", "{{strategy}} and {{shadow}}")),
                new Panel("Regret and gain per decision", PanelKind.Lines, "s",
                    [
                        new("sum by (strategy, shadow) (rate(infermesh_decision_regret_seconds_sum[$__rate_interval])) / sum by (strategy, shadow) (rate(infermesh_decision_regret_seconds_count[$__rate_interval]))", "regret: {{strategy}} against {{shadow}}"),
                        new("sum by (strategy, shadow) (rate(infermesh_decision_gain_seconds_sum[$__rate_interval])) / sum by (strategy, shadow) (rate(infermesh_decision_gain_seconds_count[$__rate_interval]))", "gain: {{strategy}} against {{shadow}}"),
                    ], "Expected seconds by the cost model with its default weights.")),
            new(
                "Attempts",
                Stack("By node", "ops", RateBy("infermesh_ingress_attempts_total", "node")),
                Stack("By result", "ops", RateBy("infermesh_ingress_attempts_total", "result")),
                Stack("Failovers", "ops", RateBy("infermesh_ingress_failovers_total", "reason")),
                Stack("Nodes left alone", "ops", RateBy("infermesh_ingress_ejections_total", "reason"))),
            new(
                "Hedges",
                Stack("Copies", "ops", RateBy("infermesh_ingress_hedges_total", "result")),
                Lines("Won of those sent", "percentunit", new PanelQuery("sum(rate(infermesh_ingress_hedges_total{result=\"won\"}[$__rate_interval])) / sum(rate(infermesh_ingress_hedges_total[$__rate_interval]))", "won")),
                Stack("Not sent", "ops", RateBy("infermesh_ingress_hedges_suppressed_total", "reason"))),
            new(
                "Queue and reservations",
                Lines("Waiting in the mesh", "short", new PanelQuery("sum(infermesh_routing_queued)", "waiting"), new PanelQuery("sum(infermesh_routing_reservations_open)", "in flight")),
                Percentiles("Time in the queue", "infermesh_ingress_queue_time_seconds"),
                Stack("Refused by the queue", "ops", RateBy("infermesh_routing_queue_refusals_total", "reason")),
                Stack("Outcomes reported", "ops", RateBy("infermesh_routing_outcomes_total", "status"))),
            new(
                "Tables",
                Lines("Tables built", "ops", new PanelQuery("sum by (instance) (rate(infermesh_routing_tables_total[$__rate_interval]))", "{{instance}}")),
                Lines("Polls that failed", "ops", new PanelQuery("sum by (instance) (rate(infermesh_routing_refresh_errors_total[$__rate_interval]))", "{{instance}}")),
                Lines("Routing calls repeated", "ops", RateBy("infermesh_ingress_route_retries_total", "error_type"))),
        ]);
}
