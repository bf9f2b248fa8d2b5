using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Benchmarks.Proxies;

/// <summary>
/// The runtime behind all proxies: answers a completion in one piece of 1 KB, or as a paced stream whose events carry the time that they were sent. It listens on several ports,
/// one for each runtime that it stands for, and shows the pages that a probe of a vLLM reads.
/// </summary>
internal static class Upstream
{
    public const string Model = "bench-model";
    public const string Path = "/v1/chat/completions";

    /// <summary>Stands before the time in each event.</summary>
    public const string TimeKey = "data: {\"t\":";

    private const int EventBytes = 160;

    private static readonly byte[] Answer = Encoding.UTF8.GetBytes($$$"""
        {"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"{{{Model}}}","choices":[{"index":0,"message":{"role":"assistant","content":"{{{new string('x', 784)}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":180,"completion_tokens":160,"total_tokens":340}}
        """);

    private static readonly byte[] Models = Encoding.UTF8.GetBytes($$"""{"object":"list","data":[{"id":"{{Model}}","object":"model","max_model_len":131072}]}""");

    private static readonly byte[] Metrics = Encoding.UTF8.GetBytes(
        $$"""
        infermesh_synthetic{synthetic="true"} 1
        vllm:num_requests_running{engine="0",model_name="{{Model}}"} 1
        vllm:num_requests_waiting{engine="0",model_name="{{Model}}"} 0
        vllm:kv_cache_usage_perc{engine="0",model_name="{{Model}}"} 0.1
        vllm:prompt_tokens_total{engine="0",model_name="{{Model}}"} 1
        vllm:generation_tokens_total{engine="0",model_name="{{Model}}"} 1

        """.ReplaceLineEndings("\n"));

    /// <summary>Serves on the ports until the process ends.</summary>
    public static Task RunAsync(IReadOnlyList<int> ports)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => { foreach (var port in ports) kestrel.Listen(IPAddress.Loopback, port); });
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        var app = builder.Build();
        app.Run(HandleAsync);
        return app.RunAsync();
    }

    private static Task HandleAsync(HttpContext context) => context.Request.Path.Value switch
    {
        Path => CompleteAsync(context),
        "/v1/models" => WriteAsync(context, Models, "application/json"),
        "/metrics" => WriteAsync(context, Metrics, "text/plain; version=0.0.4"),
        "/health" => Task.CompletedTask,
        _ => Task.FromResult(context.Response.StatusCode = 404),
    };

    private static async Task CompleteAsync(HttpContext context)
    {
        var read = await context.Request.BodyReader.ReadAsync();
        while (!read.IsCompleted)
        {
            context.Request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await context.Request.BodyReader.ReadAsync();
        }
        context.Request.BodyReader.AdvanceTo(read.Buffer.End);
        if (context.Request.Query["events"] is [{ } events]) await StreamAsync(context, int.Parse(events, CultureInfo.InvariantCulture), int.Parse(context.Request.Query["ms"]!, CultureInfo.InvariantCulture));
        else await WriteAsync(context, Answer, "application/json");
    }

    private static async Task StreamAsync(HttpContext context, int events, int periodMs)
    {
        context.Response.ContentType = "text/event-stream";
        var filler = new byte[EventBytes];
        filler.AsSpan().Fill((byte)'x');
        var writer = context.Response.BodyWriter;
        // Streams that start together would send together for ever.
        await Task.Delay(Random.Shared.Next(periodMs));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(periodMs));
        for (var i = 0; i < events; i++)
        {
            await timer.WaitForNextTickAsync(context.RequestAborted);
            Write(writer, filler);
            await writer.FlushAsync(context.RequestAborted);
        }
        writer.Write("data: [DONE]\n\n"u8);
    }

    private static void Write(PipeWriter writer, ReadOnlySpan<byte> filler)
    {
        writer.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{TimeKey}{Stopwatch.GetTimestamp()},\"choices\":[{{\"delta\":{{\"content\":\"")));
        writer.Write(filler);
        writer.Write("\"}}]}\n\n"u8);
    }

    private static Task WriteAsync(HttpContext context, byte[] body, string type)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body).AsTask();
    }
}
