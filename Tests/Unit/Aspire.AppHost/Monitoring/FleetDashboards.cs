using static InferMesh.Tests.Unit.AppHost.Monitoring.Dashboards;

namespace InferMesh.Tests.Unit.AppHost.Monitoring;

/// <summary>What the mesh runs on and what runs on it.</summary>
internal static class FleetDashboards
{
    private const string Model = "model=~\"$model\"";
    private const string Asked = "gen_ai_request_model=~\"$model\"";
    private const string Node = "node=~\"$node\"";

    public static Dashboard Models { get; } = new(
        "infermesh-models", "InferMesh: models", "How is one model served, and by whom?",
        [
            new(
                "Requests",
                Stack("Outcomes", "reqps", RateBy("infermesh_inference_requests_total", "model, outcome", Model)),
                Percentiles("Time to first token", "gen_ai_server_time_to_first_token_seconds", Asked),
                Percentiles("Time per output token", "gen_ai_server_time_per_output_token_seconds", Asked),
                Percentiles("Request", "gen_ai_server_request_duration_seconds", Asked)),
            new(
                "Replicas",
                Lines("Replicas", "short", new PanelQuery($"max by (model) (infermesh_model_desired_replicas{{{Model}}})", "{{model}} wanted"), new PanelQuery($"max by (model) (infermesh_model_ready_replicas{{{Model}}})", "{{model}} ready"), new PanelQuery($"sum by (model) (infermesh_model_load_status{{{Model}}})", "{{model}} loaded")),
                Lines("Time to load", "s", new PanelQuery($"histogram_quantile(0.95, sum by (le, model) ({Rate("infermesh_model_load_duration_seconds_bucket", Model)}))", "{{model}} p95")),
                Stack("Commands that failed", "ops", RateBy("infermesh_model_command_failures_total", "action")),
                Table("Registered", "short", $"max by (model, revision, quant) (infermesh_model_info{{{Model}}})")),
            new(
                "Load",
                Stack("In the batch", "short", new PanelQuery($"sum by (model, node) (infermesh_model_running{{{Model}}})", "{{model}} {{node}}")),
                Stack("Waiting in runtimes", "short", new PanelQuery($"sum by (model, node) (infermesh_model_queue_depth{{{Model}}})", "{{model}} {{node}}")),
                Lines("Batch", "percentunit", new PanelQuery($"max by (model, node) (infermesh_model_batch_fullness{{{Model}}})", "{{model}} {{node}}")),
                Lines("KV cache", "percentunit", new PanelQuery($"max by (model, node) (infermesh_model_kv_cache_usage{{{Model}}})", "{{model}} {{node}}"))),
            new(
                "Tokens",
                Stack("Generated, as runtimes say", "short", new PanelQuery($"sum by (model, runtime) (infermesh_model_service_rate_per_second{{{Model}}})", "{{model}} {{runtime}}")),
                Stack("Counted for requests", "short", RateBy("infermesh_inference_tokens_total", "model, type", Model))),
        ],
        new DashboardVariable("model", "Model", "label_values(infermesh_model_load_status, model)"));

    public static Dashboard Gpus { get; } = new(
        "infermesh-gpus", "InferMesh: GPU health", "Are nodes and GPUs well, and are their readings fresh?",
        [
            new(
                "Nodes",
                Stack("By health", "short", new PanelQuery($"count by (health) (infermesh_node_health_status{{{Node}}})", "{{health}}")),
                Table("Not ready", "short", $"infermesh_node_health_status{{{Node}, health!=\"ready\"}}"),
                Lines("Age of readings", "s", new PanelQuery($"max by (node) (infermesh_node_signal_age_seconds{{{Node}}})", "{{node}}")),
                Lines("Round trip to the API", "s", new PanelQuery($"max by (node) (infermesh_node_rtt_seconds{{{Node}}})", "{{node}}"))),
            new(
                "GPUs",
                Lines("SM utilisation", "percentunit", Gpu("infermesh_gpu_sm_utilization")),
                Lines("Memory in use", "percentunit", new PanelQuery($"max by (node, gpu_uuid, mig_profile) (infermesh_gpu_vram_used_bytes{{{Node}}}) / max by (node, gpu_uuid, mig_profile) (infermesh_gpu_vram_total_bytes{{{Node}}})", "{{node}} {{gpu_uuid}} {{mig_profile}}")),
                Lines("Memory utilisation", "percentunit", Gpu("infermesh_gpu_memory_utilization"))),
            new(
                "Health",
                Lines("Temperature", "celsius", Gpu("infermesh_gpu_temperature_celsius")),
                Lines("Power", "watt", Gpu("infermesh_gpu_power_watts")),
                Lines("Uncorrected ECC errors", "short", Gpu("infermesh_gpu_ecc_errors")),
                Lines("Throttled", "short", new PanelQuery($"sum by (node) (infermesh_gpu_throttled{{{Node}}})", "{{node}}")),
                Lines("Out of use", "short", new PanelQuery($"count by (node) (infermesh_gpu_health_status{{{Node}}} == 0) or sum by (node) (infermesh_gpu_health_status{{{Node}}}) * 0", "{{node}}"))),
            new(
                "DCGM, from agents that read it",
                Lines("GPU utilisation", "percent", new PanelQuery($"max by (node, gpu) (DCGM_FI_DEV_GPU_UTIL{{{Node}}})", "{{node}} {{gpu}}")),
                Lines("Temperature", "celsius", new PanelQuery($"max by (node, gpu) (DCGM_FI_DEV_GPU_TEMP{{{Node}}})", "{{node}} {{gpu}}")),
                Lines("Power", "watt", new PanelQuery($"max by (node, gpu) (DCGM_FI_DEV_POWER_USAGE{{{Node}}})", "{{node}} {{gpu}}")),
                Lines("Last XID", "short", new PanelQuery($"max by (node, gpu) (DCGM_FI_DEV_XID_ERRORS{{{Node}}})", "{{node}} {{gpu}}"))),
            new(
                "Telemetry",
                Stack("Batches", "ops", new PanelQuery("sum(rate(infermesh_telemetry_batches_total[$__rate_interval]))", "taken"), RateBy("infermesh_telemetry_dropped_total", "reason")),
                Percentiles("Age when a node took them", "infermesh_telemetry_age_seconds")),
        ],
        new DashboardVariable("node", "Node", "label_values(infermesh_node_health_status, node)"));

    public static Dashboard Training { get; } = new(
        "infermesh-training", "InferMesh: training", "Do jobs run, wait or stand still?",
        [
            new(
                "Jobs",
                Number("Waiting", "short", "max(infermesh_job_waiting)"),
                Number("Placed", "short", "max(infermesh_job_placed)"),
                Number("Workers", "short", "sum(infermesh_job_workers) or vector(0)")),
            new(
                "Progress",
                Table("Placed jobs", "short", "max by (job_id, job_name, tenant, state) (infermesh_job_state)"),
                Lines("Steps per second", "short", new PanelQuery("max by (job_id, job_name) (deriv(infermesh_job_step[5m]))", "{{job_name}} {{job_id}}")),
                Lines("Step", "s", new PanelQuery("max by (job_id, job_name) (infermesh_job_step_duration_seconds)", "{{job_name}} {{job_id}}"))),
            new(
                "Safety",
                Lines("Steps since the last checkpoint", "short", new PanelQuery("max by (job_id, job_name) (infermesh_job_step) - max by (job_id, job_name) (infermesh_job_checkpoint_step)", "{{job_name}} {{job_id}}")),
                Lines("Restarts", "short", new PanelQuery("max by (job_id, job_name) (infermesh_job_restarts)", "{{job_name}} {{job_id}}")),
                Stack("Events", "ops", RateBy("infermesh_job_events_total", "kind"))),
            new(
                "Scheduler",
                Percentiles("One plan", "infermesh_job_plan_duration_seconds"),
                Stack("Claims on GPUs", "ops", RateBy("infermesh_job_claims_total", "outcome"))),
        ]);

    private static PanelQuery Gpu(string metric) => new($"max by (node, gpu_uuid, mig_profile) ({metric}{{{Node}}})", "{{node}} {{gpu_uuid}} {{mig_profile}}");
}
