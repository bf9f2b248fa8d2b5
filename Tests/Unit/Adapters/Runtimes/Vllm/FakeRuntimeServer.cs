using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.Vllm;

/// <summary>A real HTTP server on a free port whose answers a test sets by path.</summary>
internal sealed class FakeRuntimeServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, RequestDelegate> _answers = new();
    private readonly WebApplication _app;

    private FakeRuntimeServer(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    public ConcurrentBag<string> Requests { get; } = [];

    public ConcurrentBag<string?> Authorizations { get; } = [];

    public static async Task<FakeRuntimeServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new FakeRuntimeServer(app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        server.Address = new Uri(app.Urls.Single());
        return server;
    }

    public FakeRuntimeServer On(string path, string body, int status = 200, string type = "text/plain; version=0.0.4") => On(path, async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.WriteAsync(body, context.RequestAborted);
    });

    public FakeRuntimeServer On(string path, RequestDelegate answer)
    {
        _answers[path] = answer;
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true)); // hanging answers are cut
        await _app.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext context)
    {
        Requests.Add(context.Request.Path);
        Authorizations.Add(context.Request.Headers.Authorization);
        if (_answers.TryGetValue(context.Request.Path, out var answer))
            return answer(context);
        context.Response.StatusCode = 404;
        return Task.CompletedTask;
    }
}
