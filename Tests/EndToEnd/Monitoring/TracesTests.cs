using System.Net.Http.Json;
using Google.Protobuf;
using InferMesh.Tests.EndToEnd.Monitoring.Otlp;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Monitoring;

/// <summary>What real processes send to a collector.</summary>
[TestClass]
public sealed class TracesTests
{
    private const string Api = "InferMesh.Api";
    private const string Silo = "InferMesh.Silo";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [TestMethod]
    public async Task Completion_Traced_IsOneTraceThroughApiAndSilosWithLogsAndExemplars()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var mesh = await MeshProcess.StartAsync(
            settings: [$"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_SCHEDULE_DELAY=200", "OTEL_BLRP_SCHEDULE_DELAY=200", "OTEL_METRIC_EXPORT_INTERVAL=1000", "Logging__LogLevel__InferMesh=Debug"]);
        var trace = Guid.NewGuid().ToString("n");
        const string Caller = "00f067aa0ba902b7";
        await AskAsync(mesh, $"00-{trace}-{Caller}-01");
        // Not sampled by its caller: nobody is told of it.
        var quiet = Guid.NewGuid().ToString("n");
        await AskAsync(mesh, $"00-{quiet}-{Caller}-00");

        var spans = await UntilAsync(() => Of(collector, trace), s => s.Any(x => x.Span.Name == "route") && s.Any(x => x.Span.Name == "POST /v1/chat/completions") && s.Any(x => x.Span.Name.StartsWith("chat ", StringComparison.Ordinal)), "a whole trace");
        var request = One(spans, "POST /v1/chat/completions");
        Assert.AreEqual(Caller, Hex(request.Span.ParentSpanId), "it is part of the caller's trace");
        Assert.AreEqual(Api, request.Service);
        var (admission, decision, attempt) = (One(spans, "admission"), One(spans, "decision"), One(spans, "attempt"));
        foreach (var child in new[] { admission, decision, attempt }) Assert.AreEqual(request.Span.SpanId, child.Span.ParentSpanId, child.Span.Name);
        var upstream = One(spans, $"chat {SharedMesh.Model}");
        Assert.AreEqual(attempt.Span.SpanId, upstream.Span.ParentSpanId);
        Assert.AreEqual(SharedMesh.Model, Text(upstream.Span, "gen_ai.request.model"));
        Assert.AreEqual("chat", Text(upstream.Span, "gen_ai.operation.name"));
        Assert.AreEqual("vllm", Text(upstream.Span, "gen_ai.provider.name"));
        Assert.AreEqual(16, upstream.Span.Attributes.Single(a => a.Key == "gen_ai.usage.output_tokens").Value.IntValue);
        var route = One(spans, "route");
        Assert.AreEqual(Silo, route.Service);
        Assert.AreEqual(decision.Span.SpanId, route.Span.ParentSpanId);
        Assert.IsTrue(spans.Any(s => s.Service == Silo && s.Span.Name.Contains("RouteBatch", StringComparison.Ordinal)), "grain calls are joined: " + string.Join(", ", spans.Select(s => $"{s.Service} {s.Span.Name}")));
        Assert.IsTrue(decision.Span.EndTimeUnixNano <= attempt.Span.StartTimeUnixNano && admission.Span.EndTimeUnixNano <= decision.Span.StartTimeUnixNano, "in order");

        await UntilAsync(() => collector.Logs.Where(l => Hex(l.Record.TraceId) == trace).ToArray(), logs => logs.Any(l => l.Record.Body.StringValue.StartsWith("Request ", StringComparison.Ordinal)), "a log record of the request with its trace");
        await UntilAsync(
            () => collector.Metrics.Where(m => m.Metric.Name == "gen_ai.server.time_to_first_token").SelectMany(m => m.Metric.Histogram.DataPoints).SelectMany(p => p.Exemplars).Select(e => Hex(e.TraceId)).ToArray(),
            exemplars => exemplars.Contains(trace), "an exemplar of the request");
        Assert.IsEmpty(Of(collector, quiet), "a request that its caller does not sample");
        using var page = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { { "Accept", "application/openmetrics-text; version=1.0.0" } } };
        using var answer = await mesh.Api.SendAsync(page);
        StringAssert.Contains(await answer.Content.ReadAsStringAsync(), $"trace_id=\"{trace}\"", "the page has the exemplar too");
    }

    private static async Task AskAsync(MeshProcess mesh, string parent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Headers = { { "traceparent", parent } },
            Content = JsonContent.Create(new { model = SharedMesh.Model, max_tokens = 16, stream = true, stream_options = new { include_usage = true }, messages = new[] { new { role = "user", content = "Hello" } } }),
        };
        using var response = await mesh.Api.SendAsync(request);
        response.EnsureSuccessStatusCode();
        await response.Content.ReadAsStringAsync();
    }

    private static (string Service, Span Span)[] Of(OtlpReceiver collector, string trace) => [.. collector.Spans.Where(s => Hex(s.Span.TraceId) == trace)];

    private static (string Service, Span Span) One(IEnumerable<(string Service, Span Span)> spans, string name) => spans.Single(s => s.Span.Name == name);

    private static string Text(Span span, string key) => span.Attributes.Single(a => a.Key == key).Value.StringValue;

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static async Task<T> UntilAsync<T>(Func<T> look, Func<T, bool> enough, string what)
    {
        var found = look();
        await ExternalProcess.UntilAsync(() => Task.FromResult(enough(found = look())), Patience, what);
        return found;
    }
}
