using InferMesh.Api.Calls;
using InferMesh.Api.Decisions;
using InferMesh.Api.Ingress.Endpoints;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Idempotency;
using InferMesh.Api.Ingress.Models;
using InferMesh.Api.Ingress.Protocols;
using InferMesh.Api.Ingress.Resilience;
using InferMesh.Api.Ingress.Routing;
using InferMesh.Api.Ingress.Runtimes;
using InferMesh.Api.Ingress.Tenancy;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Topology;
using InferMesh.ServiceDefaults.Options;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace InferMesh.Api.Ingress;

/// <summary>The data plane: calls of the protocols that clients speak, forwarded to the runtime that the mesh picks.</summary>
internal static class IngressExtensions
{
    internal const string ForwardDescription =
        "The body goes to the runtime byte for byte, and its answer comes back as it is, streamed where the runtime streams. Until the first byte other "
        + "targets are tried when one fails, and one more gets a copy when the first byte is late and a policy or the strategy hedges: the slower one is cancelled. Errors have the form of the protocol. When all nodes are full the request waits for its turn, as long as policy lets it. Headers that are read: x-request-id, x-infermesh-tenant, x-infermesh-project, x-infermesh-session, x-infermesh-slo, Idempotency-Key, "
        + "x-infermesh-prompt-tokens. Headers of the answer: x-request-id, x-infermesh-node, x-infermesh-attempts, x-infermesh-hedged, x-infermesh-queue-ms, x-infermesh-decision, x-infermesh-synthetic, "
        + "x-infermesh-endpoint, x-infermesh-model; of a tenant with limits "
        + "x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens.";

    internal static readonly int[] ForwardStatuses = [200, 400, 401, 403, 404, 409, 413, 422, 429, 502, 503, 504];

    private const string InvokeDescription =
        "Sends the body of a call of the data plane to the endpoint that the address names, by its name or by an alias: `path` says which call (default `/v1/chat/completions`), and the "
        + "model is filled in, whatever the body says. Answers, errors and headers are those of that call.";

    public static IServiceCollection AddIngress(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMeshOptions<IngressSettings>(configuration, IngressSettings.Section);
        // The host has checked its own settings before.
        services.ThrowOnBadSettings(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<FleetReader>();
        services.TryAddSingleton<ApiLocation>();
        services.TryAddSingleton<DecisionLog>();
        services.AddSingleton<IngressMetrics>();
        services.AddSingleton<SloClassNames>();
        services.AddSingleton<InferenceMetrics>();
        services.AddSingleton<Routers>();
        services.AddSingleton<RouteBatches>();
        services.AddSingleton<OpenReservations>();
        services.AddHostedService(static services => services.GetRequiredService<OpenReservations>());
        services.AddSingleton<IngressRouter>();
        services.AddSingleton<RuntimeConnector>();
        services.AddSingleton<RuntimeClient>();
        services.AddSingleton<Forwarder>();
        services.AddSingleton<HedgeBudget>();
        services.AddSingleton<Hedger>();
        services.AddSingleton<RetryBudget>();
        services.AddSingleton<TargetBreakers>();
        services.AddSingleton<AttemptWatch>();
        services.AddHostedService(static services => services.GetRequiredService<AttemptWatch>());
        services.AddSingleton<TargetOpener>();
        services.AddSingleton<ExchangeParts>();
        services.AddSingleton<IdempotentRequests>();
        services.AddSingleton<EndpointDirectory>();
        services.AddHostedService(provider => provider.GetRequiredService<EndpointDirectory>());
        services.AddSingleton<EndpointResolver>();
        services.AddSingleton<LimitedTenants>();
        services.AddSingleton<TenantCalls>();
        services.AddSingleton<TenantGate>();
        services.AddSingleton<CompletionHandler>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<ModelsHandler>();
        services.AddProtocols();
        return services;
    }

    public static IEndpointRouteBuilder MapIngress(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1").WithTags("Data plane").Needs(Permission.Infer);
        group.Forwards<ChatCompletionBody>("/chat/completions", "CreateChatCompletion", "a chat completion", """{"model":"llama-3.1-8b-instruct","max_tokens":16,"messages":[{"role":"user","content":"Hello"}]}""");
        group.Forwards<CompletionBody>("/completions", "CreateCompletion", "a text completion", """{"model":"llama-3.1-8b-instruct","max_tokens":16,"prompt":"Hello"}""");
        group.Forwards<EmbeddingBody>("/embeddings", "CreateEmbedding", "a request for embeddings", """{"model":"llama-3.1-8b-instruct","input":"Hello"}""");
        group.Forwards<ResponseBody>("/responses", "CreateResponse", "a request in the form of OpenAI's Responses API", """{"model":"llama-3.1-8b-instruct","max_output_tokens":16,"input":"Hello"}""");
        group.Forwards<MessageBody>("/messages", "CreateMessage", "a request in the form of Anthropic's Messages API", """{"model":"llama-3.1-8b-instruct","max_tokens":16,"messages":[{"role":"user","content":"Hello"}]}""").WithMetadata(AnthropicProtocol.Instance);
        // The runtimes have these beside /v1.
        var tokens = app.MapGroup("").WithTags("Data plane").Needs(Permission.Infer);
        tokens.Forwards<TokenizeBody>("/tokenize", "Tokenize", "a text to be tokenised", """{"model":"llama-3.1-8b-instruct","prompt":"Hello"}""");
        tokens.Forwards<DetokenizeBody>("/detokenize", "Detokenize", "tokens to be turned into text", """{"model":"llama-3.1-8b-instruct","tokens":[9906]}""");
        group.MapGet("/models", (HttpContext context, ModelsHandler handler) => handler.ListAsync(context))
            .Describe("ListServedModels", "Models that requests can be routed to now", "In the form of OpenAI's list, from the live state of the nodes; at most one second old. Endpoints and their aliases stand among them, with the `models` behind them that are live.", 200, 503);
        group.MapGet("/models/{**id}", (HttpContext context, ModelsHandler handler, string id) => handler.GetAsync(context, id))
            .Describe("GetServedModel", "One model that requests can be routed to now", "The name may hold slashes.", 200, 404, 503);
        app.MapProtocols();
        app.MapGroup("/api/v1").WithTags("Endpoints").MapPost("/endpoints/{name}:invoke", (HttpContext context, CompletionHandler handler, string name) => EndpointInvoke.HandleAsync(context, handler, name))
            .Needs(Permission.Infer).WithMetadata(EndpointProtocol.Instance)
            .Describe("InvokeEndpoint", "Calls an endpoint", InvokeDescription, ForwardStatuses).Takes<ChatCompletionBody>("""{"max_tokens":16,"messages":[{"role":"user","content":"Hello"}]}""");
        return app;
    }

    private static RouteHandlerBuilder Forwards<TBody>(this RouteGroupBuilder group, string path, string name, string what, string example) =>
        group.MapPost(path, (HttpContext context, CompletionHandler handler) => handler.HandleAsync(context))
            .Describe(name, $"Forwards {what} to the runtime that the mesh picks", ForwardDescription, ForwardStatuses).Takes<TBody>(example);

    internal static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route, string example) => route.WithMetadata(new BodyType(typeof(T)), new BodyExample(example));

    /// <summary>What the API's description says; bodies are the runtimes' own, errors have OpenAI's form.</summary>
    private static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string name, string summary, string description, params int[] statuses) =>
        route.Describe(typeof(CompletionErrorBody), name, summary, description, statuses);

    internal static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, Type errorBody, string name, string summary, string description, params int[] statuses)
    {
        route.WithName(name).WithSummary(summary).WithDescription(description);
        foreach (var status in statuses) route.WithMetadata(new ProducesResponseTypeMetadata(status, status < 400 ? null : errorBody, ["application/json"]));
        return route;
    }
}
