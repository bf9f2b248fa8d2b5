using InferMesh.Api.Options;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace InferMesh.Api.Hosting;

internal static partial class KestrelExtensions
{
    /// <summary>Without TLS a port speaks one protocol: HTTP/1.1 on one, HTTP/2 on the other.</summary>
    public static void UseApiKestrel(this WebApplicationBuilder builder, HttpSettings settings) => builder.WebHost.ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = settings.MaxRequestBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = settings.MaxConnections;
        kestrel.Listen(settings.IPAddress, settings.Port, listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.Listen(settings.IPAddress, settings.GrpcPort, listen => listen.Protocols = HttpProtocols.Http2);
    });

    /// <summary>One line that says the API serves and where.</summary>
    public static void LogWhenServing(this WebApplication app) => app.Lifetime.ApplicationStarted.Register(() =>
    {
        var urls = string.Join(' ', app.Urls);
        LogServing(app.Logger, urls);
    });

    [LoggerMessage(Level = LogLevel.Information, Message = "The API serves REST and gRPC at {Urls}; Swagger UI at /swagger")]
    private static partial void LogServing(ILogger logger, string urls);
}
