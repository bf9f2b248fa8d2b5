using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

/// <summary>A real HTTP server on a free port whose answers a test sets by path.</summary>
internal sealed class FakeRuntimeServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, RequestDelegate> _answers = new();
    private readonly WebApplication _app;

    private FakeRuntimeServer(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    public ConcurrentBag<string> Requests { get; } = [];

    public ConcurrentBag<string?> Authorizations { get; } = [];

    /// <summary>Every request that was no GET: method, path with query, and body.</summary>
    public ConcurrentQueue<string> Commands { get; } = [];

    /// <summary>Answer to every request that was no GET and has no answer of its own; null says 404.</summary>
    public RequestDelegate? Otherwise { get; set; }

    /// <param name="certificate">Serves https with it; null serves http.</param>
    /// <param name="wantsCertificate">Refuses callers that show none.</param>
    public static async Task<FakeRuntimeServer> StartAsync(X509Certificate2? certificate = null, bool wantsCertificate = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate, https =>
                {
                    https.ClientCertificateMode = wantsCertificate ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.NoCertificate;
                    https.AllowAnyClientCertificate();
                });
            }
        }));
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

    private async Task AnswerAsync(HttpContext context)
    {
        Requests.Add(context.Request.Path);
        Authorizations.Add(context.Request.Headers.Authorization);
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            using var reader = new StreamReader(context.Request.Body);
            Commands.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {await reader.ReadToEndAsync()}".TrimEnd());
        }
        if (_answers.TryGetValue(context.Request.Path, out var answer))
            await answer(context);
        else if (Otherwise is not null && !HttpMethods.IsGet(context.Request.Method))
            await Otherwise(context);
        else
            context.Response.StatusCode = 404;
    }
}
