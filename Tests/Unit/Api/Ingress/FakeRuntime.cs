using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace InferMesh.Tests.Unit.Api.Ingress;

/// <summary>What a runtime received.</summary>
internal sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body, string Method, string Protocol);

/// <summary>A runtime on a real socket that does what a test says and counts what runs.</summary>
internal sealed class FakeRuntime : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _running;

    private FakeRuntime(WebApplication app) => _app = app;

    public Func<HttpContext, Task> OnRequest { get; set; } = context => context.Response.WriteAsync("{}");

    public ConcurrentQueue<Received> Requests { get; } = [];

    public int Running => Volatile.Read(ref _running);

    public string Url => _app.Urls.First();

    public static async Task<FakeRuntime> StartAsync(Func<HttpContext, Task>? onRequest = null, Action<ListenOptions>? listen = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen ?? (_ => { })));
        var runtime = new FakeRuntime(builder.Build());
        if (onRequest is not null) runtime.OnRequest = onRequest;
        runtime._app.Run(runtime.HandleAsync);
        await runtime._app.StartAsync();
        return runtime;
    }

    /// <summary>An address where nobody listens.</summary>
    public static string DeadUrl()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://{listener.LocalEndpoint}";
    }

    public static Func<HttpContext, Task> Status(int status, string? retryAfter = null) => context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        return Task.CompletedTask;
    };

    public static Task Reset(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        Interlocked.Increment(ref _running);
        try
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            Requests.Enqueue(new(context.Request.Path + context.Request.QueryString, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray(), context.Request.Method, context.Request.Protocol));
            await OnRequest(context);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
