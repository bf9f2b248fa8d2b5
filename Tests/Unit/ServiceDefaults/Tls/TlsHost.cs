using System.Net;
using InferMesh.ServiceDefaults.Tls;
using InferMesh.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.ServiceDefaults.Tls;

/// <summary>A process with TLS on a port of its own: as the API has it, or as silos do, with an echo behind it.</summary>
internal sealed class TlsHost : IAsyncDisposable
{
    private static readonly TlsSettings Times = new() { HandshakeTimeout = TimeSpan.FromSeconds(1), ReloadPeriod = TimeSpan.FromMilliseconds(100) };
    private readonly WebApplication _app;

    private TlsHost(WebApplication app, ListLogger log) => (_app, Log) = (app, log);

    public ListLogger Log { get; }

    public IServiceProvider Services => _app.Services;

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    public static Task<TlsHost> ApiAsync(TlsFolder folder, bool required) => StartAsync(
        services => services.AddListenerTls("api", folder.Files, required, Times),
        listen => listen.UseListenerTls("api"),
        app => app.MapGet("/", (HttpContext context) => context.Connection.ClientCertificate?.SerialNumber ?? "nobody"));

    /// <param name="folder">Its certificates.</param>
    /// <param name="kind">Kind of connections that it accepts.</param>
    public static Task<TlsHost> ClusterAsync(TlsFolder folder, string kind) => StartAsync(
        services => services.AddClusterTls(folder.Cluster, Times),
        listen =>
        {
            listen.UseClusterTls(kind);
            listen.Run(EchoAsync);
        },
        _ => { });

    /// <summary>What was logged of a refusal, waited for.</summary>
    public Task UntilLoggedAsync(string text) =>
        ExternalProcess.UntilAsync(() => Task.FromResult(Log.Lines.Any(line => line.Level == LogLevel.Warning && line.Text.Contains(text, StringComparison.Ordinal))), TimeSpan.FromSeconds(30), $"a line with \"{text}\"; there are:\n{string.Join('\n', Log.Lines)}");

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static async Task<TlsHost> StartAsync(Action<IServiceCollection> services, Action<ListenOptions> listen, Action<WebApplication> map)
    {
        var log = new ListLogger();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Information);
        services(builder.Services);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen));
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return new(app, log);
    }

    private static async Task EchoAsync(ConnectionContext context)
    {
        while (true)
        {
            var read = await context.Transport.Input.ReadAsync();
            foreach (var segment in read.Buffer)
                await context.Transport.Output.WriteAsync(segment);
            context.Transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
        }
    }
}
