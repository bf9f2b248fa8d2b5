using static InferMesh.Tests.Unit.AppHost.Monitoring.Dashboards;

namespace InferMesh.Tests.Unit.AppHost.Monitoring;

/// <summary>The mesh as a whole, and who uses it.</summary>
internal static class OverviewDashboards
{
    private const string Tenant = "tenant=~\"$tenant\"";

    public static Dashboard Overview { get; } = new(
        "infermesh-overview", "InferMesh: overview", "Is the mesh well, and do its users get answers in time?",
        [
            new(
                "Now",
                Number("Requests", "reqps", "sum(rate(infermesh_inference_requests_total[$__rate_interval]))"),
                Number("Failed, 5 minutes", "percentunit", "infermesh:availability_errors:ratio_rate5m"),
                Number("Slow first token, 5 minutes", "percentunit", "infermesh:ttft_slow:ratio_rate5m"),
                Number("In progress", "short", "sum(infermesh_ingress_active_requests)"),
                Number("Nodes ready", "short", "count(infermesh_node_health_status{health=\"ready\"}) or vector(0)"),
                Number("Processes up", "short", "sum(up{job=~\"infermesh-.*\"})")),
            new(
                "Requests",
                Stack("Outcomes", "reqps", RateBy("infermesh_inference_requests_total", "outcome")),
                Percentiles("Time to first token", "gen_ai_server_time_to_first_token_seconds"),
                Percentiles("Request", "gen_ai_server_request_duration_seconds")),
            new(
                "Work",
                Stack("Tokens", "short", RateBy("infermesh_inference_tokens_total", "type")),
                Percentiles("Time per output token", "gen_ai_server_time_per_output_token_seconds"),
                Stack("Nodes by health", "short", new PanelQuery("count by (health) (infermesh_node_health_status)", "{{health}}"))),
            new(
                "Processes",
                Stack("HTTP", "reqps", RateBy("http_server_request_duration_seconds_count", "http_response_status_code")),
                Lines("Memory", "bytes", new PanelQuery("dotnet_process_memory_working_set_bytes", "{{job}} {{instance}}")),
                Lines("Processor", "short", new PanelQuery("sum by (job, instance) (rate(dotnet_process_cpu_time_seconds_total[$__rate_interval]))", "{{job}} {{instance}}"))),
            new(
                "State",
                Percentiles("Grain storage", "infermesh_storage_operation_duration_seconds"),
                Stack("Grain storage by outcome", "ops", RateBy("infermesh_storage_operation_duration_seconds_count", "operation, outcome")),
                Lines("Event log", "short", new PanelQuery("sum(rate(infermesh_events_appended_total[$__rate_interval]))", "stored"), new PanelQuery("sum(rate(infermesh_events_refused_total[$__rate_interval]))", "refused"), new PanelQuery("sum(infermesh_events_delivery_blocked)", "sources blocked")),
                Lines("Certificates expire in", "s", new PanelQuery("min by (certificate, instance) (infermesh_tls_certificate_remaining_seconds)", "{{certificate}} {{instance}}"))),
        ]);

    public static Dashboard Tenants { get; } = new(
        "infermesh-tenants", "InferMesh: tenants", "Who uses the mesh, how much, and who is refused?",
        [
            new(
                "Use",
                Stack("Requests", "reqps", RateBy("infermesh_inference_requests_total", "tenant", Tenant)),
                Stack("Tokens", "short", RateBy("infermesh_inference_tokens_total", "tenant, type", Tenant))),
            new(
                "Outcomes",
                Stack("Refused or failed", "reqps", RateBy("infermesh_inference_requests_total", "tenant, outcome", $"{Tenant}, outcome!=\"success\"")),
                new Panel("Success", PanelKind.Lines, "percentunit", [new($"sum by (tenant) (rate(infermesh_inference_requests_total{{{Tenant}, outcome=\"success\"}}[$__rate_interval])) / sum by (tenant) (rate(infermesh_inference_requests_total{{{Tenant}}}[$__rate_interval]))", "{{tenant}}")])),
            new(
                "Budgets",
                Stack("Verdicts", "reqps", RateBy("infermesh_tenancy_verdicts_total", "status, limit, scope")),
                Lines("Exchanges with the tenants' grains", "ops", new PanelQuery("sum(rate(infermesh_tenancy_exchanges_total[$__rate_interval]))", "all"), new PanelQuery("sum(rate(infermesh_tenancy_failed_exchanges_total[$__rate_interval]))", "failed")),
                Lines("Reservations that nobody settled", "ops", new PanelQuery("sum(rate(infermesh_tenancy_reservations_expired_total[$__rate_interval]))", "expired"), new PanelQuery("sum(rate(infermesh_tenancy_orphans_charged_total[$__rate_interval]))", "of silos that are gone"))),
            new("Training", Stack("GPU jobs by tenant", "short", new PanelQuery("count by (tenant) (infermesh_job_state)", "{{tenant}}")), Stack("Refused calls", "ops", RateBy("infermesh_audit_denied_total", "status"))),
        ],
        new DashboardVariable("tenant", "Tenant", "label_values(infermesh_inference_requests_total, tenant)"));
}
