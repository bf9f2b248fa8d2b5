using InferMesh.Api.Grpc;
using InferMesh.Api.Ingress.Protocols;
using InferMesh.Api.Security.Access;
using InferMesh.Inference;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>Routes of the calls that go through tunnels.</summary>
internal static class TunnelRoutes
{
    private static readonly string[] ForwardedCalls = ["ModelReady", "ModelMetadata", "ModelConfig", "ModelStatistics", "ModelInfer", "ModelStreamInfer"];

    public static IServiceCollection AddTunnels(this IServiceCollection services)
    {
        services.AddSingleton<TunnelClient>();
        services.AddSingleton<WebSocketTunnel>();
        services.AddSingleton<RealtimeProtocol>();
        services.AddSingleton<GrpcTunnel>();
        services.AddSingleton<GrpcProtocol>();
        return services;
    }

    /// <summary>Needs gRPC, for the calls that the mesh answers itself.</summary>
    public static void MapTunnels(this IEndpointRouteBuilder app)
    {
        // WebSockets over HTTP/2 come as CONNECT.
        app.MapMethods("/v1/realtime", [HttpMethods.Get, HttpMethods.Connect], (HttpContext context, CompletionHandler handler) => handler.HandleAsync(context))
            .Needs(Permission.Infer).WithMetadata(app.ServiceProvider.GetRequiredService<RealtimeProtocol>()).ExcludeFromDescription();

        app.MapGrpcGroup().MapGrpcService<InferenceService>();
        var grpc = app.ServiceProvider.GetRequiredService<GrpcProtocol>();
        foreach (var call in ForwardedCalls)
        {
            // Before the service's own route, which would read the message and write it anew.
            app.MapPost($"/{GRPCInferenceService.Descriptor.FullName}/{call}", (HttpContext context, CompletionHandler handler) => handler.HandleAsync(context))
                .Needs(Permission.Infer).WithMetadata(grpc).WithOrder(-1).ExcludeFromDescription();
        }
    }
}
