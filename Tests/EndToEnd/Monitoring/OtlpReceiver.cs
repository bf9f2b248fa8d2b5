using System.Collections.Concurrent;
using System.IO.Compression;
using InferMesh.Tests.EndToEnd.Monitoring.Otlp;
using InferMesh.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.EndToEnd.Monitoring;

/// <summary>A collector that keeps what it gets, over OTLP/HTTP.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app, Uri address) => (_app, Address) = (app, address);

    public Uri Address { get; }

    /// <summary>Spans with the name of the service that sent them.</summary>
    public ConcurrentQueue<(string Service, Span Span)> Spans { get; } = [];

    public ConcurrentQueue<(string Service, LogRecord Record)> Logs { get; } = [];

    public ConcurrentQueue<(string Service, Metric Metric)> Metrics { get; } = [];

    public static async Task<OtlpReceiver> StartAsync()
    {
        var address = new Uri($"http://127.0.0.1:{ExternalProcess.FreePort()}");
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(address.ToString());
        builder.Logging.ClearProviders();
        var receiver = new OtlpReceiver(builder.Build(), address);
        receiver._app.MapPost("/v1/traces", async (HttpRequest request) =>
        {
            foreach (var resource in TraceExport.Parser.ParseFrom(await BodyAsync(request)).ResourceSpans)
                foreach (var span in resource.ScopeSpans.SelectMany(s => s.Spans)) receiver.Spans.Enqueue((ServiceOf(resource.Resource), span));
        });
        receiver._app.MapPost("/v1/logs", async (HttpRequest request) =>
        {
            foreach (var resource in LogExport.Parser.ParseFrom(await BodyAsync(request)).ResourceLogs)
                foreach (var record in resource.ScopeLogs.SelectMany(s => s.LogRecords)) receiver.Logs.Enqueue((ServiceOf(resource.Resource), record));
        });
        receiver._app.MapPost("/v1/metrics", async (HttpRequest request) =>
        {
            foreach (var resource in MetricExport.Parser.ParseFrom(await BodyAsync(request)).ResourceMetrics)
                foreach (var metric in resource.ScopeMetrics.SelectMany(s => s.Metrics)) receiver.Metrics.Enqueue((ServiceOf(resource.Resource), metric));
        });
        await receiver._app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task<byte[]> BodyAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await using var stream = request.Headers.ContentEncoding == "gzip" ? new GZipStream(request.Body, CompressionMode.Decompress) : request.Body;
        await stream.CopyToAsync(body);
        return body.ToArray();
    }

    private static string ServiceOf(Resource resource) => resource.Attributes.Single(a => a.Key == "service.name").Value.StringValue;
}
