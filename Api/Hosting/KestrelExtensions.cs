using InferMesh.Api.Http;
using InferMesh.Api.Options;
using InferMesh.ServiceDefaults.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace InferMesh.Api.Hosting;

internal static partial class KestrelExtensions
{
    /// <summary>Without TLS a port speaks one protocol: HTTP/1.1 on one, HTTP/2 on the other.</summary>
    /// <exception cref="ServiceDefaults.Hosting.StartupException">A file of the TLS port is missing or broken.</exception>
    public static void UseApiKestrel(this WebApplicationBuilder builder, HttpSettings settings, TlsSettings tls)
    {
        FramingRules.ForbidLoneLineFeeds();
        // On a stop the server closes its listeners and idle connections, tells the others (Connection: close, GOAWAY) and waits this long for what is under way.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.DrainTimeout);
        if (settings.TlsPort is not null)
            builder.Services.AddApiTls(settings, tls);
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, settings));
    }

    private static void Configure(KestrelServerOptions kestrel, HttpSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = settings.MaxRequestBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = settings.MaxConnections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = settings.MaxConnections;
        kestrel.Limits.Http2.MaxStreamsPerConnection = settings.MaxStreamsPerConnection;
        kestrel.Limits.MaxRequestHeaderCount = settings.MaxRequestHeaders;
        kestrel.Limits.MaxRequestHeadersTotalSize = settings.MaxRequestHeaderBytes;
        kestrel.Limits.RequestHeadersTimeout = settings.RequestHeadersTimeout;
        kestrel.Limits.KeepAliveTimeout = settings.KeepAliveTimeout;
        kestrel.Limits.MinRequestBodyDataRate = new(settings.MinBodyBytesPerSecond, settings.SlowBodyGrace);
        kestrel.Listen(settings.PlaintextAddress, settings.Port, listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.Listen(settings.PlaintextAddress, settings.GrpcPort, listen => listen.Protocols = HttpProtocols.Http2);
        if (settings.TlsPort is { } tlsPort) kestrel.Listen(settings.IPAddress, tlsPort, listen => listen.UseTls(settings));
    }

    /// <summary>One line that says the API serves and where.</summary>
    public static void LogWhenServing(this WebApplication app) => app.Lifetime.ApplicationStarted.Register(() =>
    {
        var urls = string.Join(' ', app.Urls);
        LogServing(app.Logger, urls);
    });

    [LoggerMessage(Level = LogLevel.Information, Message = "The API serves REST and gRPC at {Urls}; Swagger UI at /swagger")]
    private static partial void LogServing(ILogger logger, string urls);
}
