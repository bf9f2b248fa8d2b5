using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.EndToEnd;

/// <summary>The part of Triton's HTTP interface that an agent uses, in model control mode "explicit": what is loaded is what it was told to load.</summary>
internal sealed class FakeTriton : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, string> _models;

    private FakeTriton(WebApplication app, IEnumerable<string> models)
    {
        _app = app;
        _models = new(models.ToDictionary(m => m, _ => "UNAVAILABLE"));
    }

    public Uri Address => new(_app.Urls.Single());

    public ConcurrentQueue<string> Commands { get; } = [];

    public bool IsLoaded(string model) => _models[model] == "READY";

    /// <param name="models">Models of its repository.</param>
    public static async Task<FakeTriton> StartAsync(params string[] models)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var triton = new FakeTriton(app, models);
        app.MapGet("/v2/health/ready", () => Results.Ok());
        app.MapGet("/v2", () => Results.Json(new { name = "triton", version = "2.50.0" }));
        app.MapGet("/metrics", () => "");
        app.MapPost("/v2/repository/index", () => Results.Json(triton._models.Select(m => new { name = m.Key, version = "1", state = m.Value, reason = "" })));
        app.MapPost("/v2/repository/models/{name}/load", (string name) => triton.Set(name, "load", "READY"));
        app.MapPost("/v2/repository/models/{name}/unload", (string name) => triton.Set(name, "unload", "UNAVAILABLE"));
        await app.StartAsync();
        return triton;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IResult Set(string model, string command, string state)
    {
        Commands.Enqueue($"{command} {model}");
        if (!_models.ContainsKey(model)) return Results.Json(new { error = $"failed to load '{model}', failed to poll from model repository" }, statusCode: 400);
        _models[model] = state;
        return Results.Ok();
    }
}
