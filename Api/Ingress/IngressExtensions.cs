using InferMesh.Api.Calls;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Models;
using InferMesh.Api.Ingress.Routing;
using InferMesh.ServiceDefaults.Options;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace InferMesh.Api.Ingress;

/// <summary>The data plane: OpenAI-compatible calls, forwarded to the runtime that the mesh picks.</summary>
internal static class IngressExtensions
{
    private const string ForwardDescription =
        "The body goes to the runtime byte for byte, and its answer comes back as it is, streamed where the runtime streams. Until the first byte other "
        + "targets are tried when one fails. Errors have the form of OpenAI's API. Headers that are read: x-request-id, x-infermesh-tenant, x-infermesh-slo, "
        + "x-infermesh-prompt-tokens. Headers of the answer: x-request-id, x-infermesh-node, x-infermesh-attempts, x-infermesh-decision, x-infermesh-synthetic.";

    private static readonly int[] ForwardStatuses = [200, 400, 403, 404, 413, 429, 502, 503, 504];

    public static IServiceCollection AddIngress(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMeshOptions<IngressSettings>(configuration, IngressSettings.Section);
        // The host has checked its own settings before.
        services.ThrowOnBadSettings(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<FleetReader>();
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
            .Describe("CreateChatCompletion", "Forwards a chat completion to the runtime that the mesh picks", ForwardDescription, ForwardStatuses);
        group.MapPost("/completions", (HttpContext context, CompletionHandler handler) => handler.HandleAsync(context))
            .Describe("CreateCompletion", "Forwards a text completion to the runtime that the mesh picks", ForwardDescription, ForwardStatuses);
        group.MapGet("/models", (HttpContext context, ModelsHandler handler) => handler.ListAsync(context))
            .Describe("ListServedModels", "Models that requests can be routed to now", "In the form of OpenAI's list, from the live state of the nodes; at most one second old.", 200, 503);
        group.MapGet("/models/{**id}", (HttpContext context, ModelsHandler handler, string id) => handler.GetAsync(context, id))
            .Describe("GetServedModel", "One model that requests can be routed to now", "The name may hold slashes.", 200, 404, 503);
        return app;
    }

    /// <summary>What the API's description says; bodies are the runtimes' own, errors have OpenAI's form.</summary>
    private static void Describe(this RouteHandlerBuilder route, string name, string summary, string description, params int[] statuses)
    {
        route.WithName(name).WithSummary(summary).WithDescription(description);
        foreach (var status in statuses) route.WithMetadata(new ProducesResponseTypeMetadata(status, null, ["application/json"]));
    }
}
