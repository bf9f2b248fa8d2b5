using InferMesh.Tests.Unit.Adapters.Runtimes.Vllm;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

internal sealed class FakeVllm : FakeRuntime
{
    public override string Kind => "vllm";

    public override IReadOnlyDictionary<string, string> Documents { get; } = new Dictionary<string, string>
    {
        ["/v1/models"] = VllmPages.ModelList,
        ["/version"] = """{"version":"0.11.0"}""",
    };

    public override string Page(int finished) => VllmPages.V1(generation: finished * 10, finished: finished, prompt: finished * 20);
}

internal sealed class FakeSglang : FakeRuntime
{
    public override string Kind => "sglang";

    public override IReadOnlyDictionary<string, string> Documents { get; } = new Dictionary<string, string>
    {
        ["/v1/models"] = OpenAiList,
        ["/get_model_info"] = """{"model_path":"org/m","tokenizer_path":"org/m-tokenizer","is_generation":true}""",
        ["/get_server_info"] = """{"version":"0.4.6","quantization":"awq","context_length":8192,"max_req_input_len":8186,"enable_lora":true,"max_loras_per_batch":8}""",
    };

    public override string Page(int finished)
    {
        const string Labels = "model_name=\"m\"";
        return Lines(
            $"sglang:num_running_reqs{{{Labels}}} 3", $"sglang:num_queue_reqs{{{Labels}}} 4", $"sglang:token_usage{{{Labels}}} 0.25", $"sglang:cache_hit_rate{{{Labels}}} 0.9",
            $"sglang:gen_throughput{{{Labels}}} 86.5", $"sglang:prompt_tokens_total{{{Labels}}} {finished * 20}", $"sglang:generation_tokens_total{{{Labels}}} {finished * 10}",
            $"sglang:cached_tokens_total{{{Labels},cache_source=\"device\"}} {finished * 5}")
            + Histogram("sglang:time_to_first_token_seconds", Labels + ",", finished) + Histogram("sglang:inter_token_latency_seconds", Labels + ",", finished)
            + Histogram("sglang:e2e_request_latency_seconds", Labels + ",", finished) + Histogram("sglang:queue_time_seconds", Labels + ",", finished);
    }
}

internal sealed class FakeTriton : FakeRuntime
{
    public override string Kind => "triton";

    public override string Health => "/v2/health/ready";

    public override string Inventory => "/v2/repository/index";

    public override IReadOnlyDictionary<string, string> Documents { get; } = new Dictionary<string, string>
    {
        ["/v2/repository/index"] = """[{"name":"m","version":"1","state":"READY"},{"name":"m","version":"2","state":"UNAVAILABLE","reason":"unloaded"}]""",
        ["/v2"] = """{"name":"triton","version":"2.50.0","extensions":["model_repository"]}""",
    };

    public override string Page(int finished) => Lines(
        $"# TYPE nv_inference_pending_request_count gauge", $"nv_inference_pending_request_count{{model=\"m\",version=\"1\"}} 4",
        $"nv_trt_llm_request_metrics{{model=\"m\",request_type=\"scheduled\",version=\"1\"}} 3", $"nv_trt_llm_request_metrics{{model=\"m\",request_type=\"waiting\",version=\"1\"}} 4",
        $"nv_trt_llm_kv_cache_block_metrics{{kv_cache_block_type=\"used\",model=\"m\",version=\"1\"}} 25", $"nv_trt_llm_kv_cache_block_metrics{{kv_cache_block_type=\"max\",model=\"m\",version=\"1\"}} 100",
        $"nv_inference_request_success{{model=\"m\",version=\"1\"}} {finished}", $"nv_inference_request_duration_us{{model=\"m\",version=\"1\"}} {finished * 500_000L}",
        $"nv_inference_queue_duration_us{{model=\"m\",version=\"1\"}} {finished * 500_000L}", $"nv_gpu_utilization{{gpu_uuid=\"GPU-1\"}} 0.5")
        + Histogram("nv_inference_first_response_histogram_ms", "model=\"m\",version=\"1\",", finished, second: 1000);

    public override bool Load(FakeRuntimeServer server)
    {
        server.On(Health, "", status: 400).On(Inventory, """[{"name":"m","version":"1","state":"LOADING"}]""");
        return true;
    }
}

internal sealed class FakeTgi : FakeRuntime
{
    public override string Kind => "tgi";

    public override string Inventory => "/info";

    public override IReadOnlyDictionary<string, string> Documents { get; } = new Dictionary<string, string>
    {
        ["/info"] = """{"model_id":"m","model_sha":"0e9e39f","max_input_tokens":4095,"max_total_tokens":4096,"version":"3.3.4","sha":null}""",
    };

    public override string Page(int finished) =>
        Lines($"tgi_queue_size 4", $"tgi_batch_current_size 3", $"tgi_request_input_length_sum {finished * 20}", $"tgi_request_generated_tokens_sum {finished * 10}")
        + Histogram("tgi_request_duration", "", finished) + Histogram("tgi_request_queue_duration", "", finished) + Histogram("tgi_request_mean_time_per_token_duration", "", finished);
}

internal sealed class FakeTorchServe : FakeRuntime
{
    public override string Kind => "torchserve";

    public override string Health => "/ping";

    public override string Inventory => "/models";

    public override IReadOnlyDictionary<string, string> Documents { get; } = new Dictionary<string, string>
    {
        ["/models"] = """{"models":[{"modelName":"m","modelUrl":"m.mar"}]}""",
        ["/models/m/all"] = """[{"modelName":"m","modelVersion":"1.0","workers":[{"id":"9000","status":"READY"}],"jobQueueStatus":{"remainingCapacity":96,"pendingRequests":4}}]""",
    };

    // TorchServe ends its labels with a comma.
    public override string Page(int finished) => Lines(
        $"ts_inference_requests_total{{model_name=\"m\",model_version=\"default\",hostname=\"h\",}} {finished}",
        $"ts_inference_latency_microseconds{{model_name=\"m\",model_version=\"default\",hostname=\"h\",}} {finished * 500_000L}",
        $"ts_queue_latency_microseconds{{model_name=\"m\",model_version=\"default\",hostname=\"h\",}} {finished * 500_000L}",
        $"QueueTime{{Level=\"Host\",Hostname=\"h\",}} 0.0");

    public override bool Load(FakeRuntimeServer server)
    {
        server.On(Health, """{"status":"Unhealthy"}""", status: 500)
            .On("/models/m/all", """[{"modelName":"m","modelVersion":"1.0","workers":[{"id":"9000","status":"UNLOADING"}],"jobQueueStatus":{"pendingRequests":0}}]""");
        return true;
    }
}

internal sealed class FakeTfServing : FakeRuntime
{
    public override string Kind => "tfserving";

    public override string? Health => null;

    public override string Inventory => "/v1/models/m";

    public override string Metrics => "/monitoring/prometheus/metrics";

    public override IReadOnlyDictionary<string, string> Documents { get; } = new Dictionary<string, string> { ["/v1/models/m"] = Status("AVAILABLE") };

    public override string Page(int finished) =>
        Lines($":tensorflow:serving:request_count{{model_name=\"m\",status=\"OK\"}} {finished}")
        + Histogram(":tensorflow:serving:request_latency", "model_name=\"m\",API=\"predict\",entrypoint=\"REST\",", finished, second: 1_000_000);

    public override bool Load(FakeRuntimeServer server)
    {
        server.On(Inventory, Status("LOADING"));
        return true;
    }

    private static string Status(string state) =>
        $$$"""{"model_version_status":[{"version":"123","state":"{{{state}}}","status":{"error_code":"OK","error_message":""}}]}""";
}

internal sealed class FakeOvms : FakeRuntime
{
    public override string Kind => "ovms";

    public override string Health => "/v2/health/ready";

    public override string Inventory => "/v1/config";

    public override IReadOnlyDictionary<string, string> Documents { get; } = new Dictionary<string, string>
    {
        ["/v1/config"] = Status("AVAILABLE"),
        ["/v2"] = """{"name":"OpenVINO Model Server","version":"2025.1"}""",
    };

    public override string Page(int finished) =>
        Lines($"ovms_infer_req_active{{name=\"m\",version=\"1\"}} 3", $"ovms_current_requests{{name=\"m\",version=\"1\"}} 7")
        + Histogram("ovms_request_time_us", "interface=\"gRPC\",name=\"m\",version=\"1\",", finished, second: 1_000_000)
        + Histogram("ovms_wait_for_infer_req_time_us", "name=\"m\",version=\"1\",", finished, second: 1_000_000);

    public override bool Load(FakeRuntimeServer server)
    {
        server.On(Health, "", status: 503).On(Inventory, Status("LOADING"));
        return true;
    }

    private static string Status(string state) =>
        $$$"""{"m":{"model_version_status":[{"version":"1","state":"{{{state}}}","status":{"error_code":"OK","error_message":"OK"}}]}}""";
}

internal sealed class FakeLlamaCpp : FakeRuntime
{
    public override string Kind => "llamacpp";

    public override IReadOnlyDictionary<string, string> Documents { get; } = new Dictionary<string, string>
    {
        ["/v1/models"] = OpenAiList,
        ["/props"] = """{"default_generation_settings":{"n_ctx":1024},"total_slots":4,"model_path":"m.gguf","build_info":"b5000-abc","is_sleeping":false}""",
        ["/slots"] = """[{"id":0,"is_processing":true},{"id":1,"is_processing":true},{"id":2,"is_processing":true},{"id":3,"is_processing":false}]""",
        ["/lora-adapters"] = """[{"id":0,"path":"a.gguf","scale":0}]""",
    };

    public override string Page(int finished) => Lines(
        $"llamacpp:prompt_tokens_total {finished * 20}", $"llamacpp:tokens_predicted_total {finished * 10}", $"llamacpp:tokens_predicted_seconds_total {finished * 5}",
        $"llamacpp:requests_processing 3", $"llamacpp:requests_deferred 4", $"llamacpp:kv_cache_usage_ratio 0.25");

    public override bool Load(FakeRuntimeServer server)
    {
        server.On(Health!, """{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}""", status: 503);
        return true;
    }
}

internal sealed class FakeOpenAi : FakeRuntime
{
    public override string Kind => "openai";

    public override string? Health => null;

    public override string? Metrics => null;

    public override IReadOnlyDictionary<string, string> Documents { get; } = new Dictionary<string, string> { ["/v1/models"] = OpenAiList };
}
