using InferMesh.Api.Grpc;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Models;
using InferMesh.Api.Ingress.Routing;
using InferMesh.ServiceDefaults.Options;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace InferMesh.Api.Ingress;

/// <summary>The data plane: OpenAI-compatible calls, forwarded to the runtime that the mesh picks.</summary>
internal static class IngressExtensions
{
    public static IServiceCollection AddIngress(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMeshOptions<IngressSettings>(configuration, IngressSettings.Section);
        // The host has checked its own settings before.
        services.ThrowOnBadSettings(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<CellReader>();
        services.AddSingleton<IngressMetrics>();
        services.AddSingleton<IngressRouter>();
        services.AddSingleton<RuntimeClient>();
        services.AddSingleton<Forwarder>();
        services.AddSingleton<CompletionHandler>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<ModelsHandler>();
        return services;
    }

    public static IEndpointRouteBuilder MapIngress(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1").WithTags("Data plane");
        group.MapPost("/chat/completions", (HttpContext context, CompletionHandler handler) => handler.HandleAsync(context))
            .WithSummary("Forwards a chat completion to the runtime that the mesh picks")
            .Describe(StatusCodes.Status200OK, StatusCodes.Status400BadRequest, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound,
                StatusCodes.Status413PayloadTooLarge, StatusCodes.Status429TooManyRequests, StatusCodes.Status502BadGateway,
                StatusCodes.Status503ServiceUnavailable, StatusCodes.Status504GatewayTimeout);
        group.MapPost("/completions", (HttpContext context, CompletionHandler handler) => handler.HandleAsync(context))
            .WithSummary("Forwards a text completion to the runtime that the mesh picks")
            .Describe(StatusCodes.Status200OK, StatusCodes.Status400BadRequest, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound,
                StatusCodes.Status413PayloadTooLarge, StatusCodes.Status429TooManyRequests, StatusCodes.Status502BadGateway,
                StatusCodes.Status503ServiceUnavailable, StatusCodes.Status504GatewayTimeout);
        group.MapGet("/models", (HttpContext context, ModelsHandler handler) => handler.ListAsync(context))
            .WithSummary("Models that requests can be routed to now")
            .Describe(StatusCodes.Status200OK, StatusCodes.Status503ServiceUnavailable);
        group.MapGet("/models/{**id}", (HttpContext context, ModelsHandler handler, string id) => handler.GetAsync(context, id))
            .WithSummary("One model that requests can be routed to now")
            .Describe(StatusCodes.Status200OK, StatusCodes.Status404NotFound, StatusCodes.Status503ServiceUnavailable);
        return app;
    }

    /// <summary>Statuses for the API's description: bodies are the runtimes' own.</summary>
    private static void Describe(this RouteHandlerBuilder route, params int[] statuses)
    {
        foreach (var status in statuses) route.WithMetadata(new Microsoft.AspNetCore.Http.ProducesResponseTypeMetadata(status, null, ["application/json"]));
    }
}
