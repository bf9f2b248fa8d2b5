using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress;

/// <summary>What a client is told when no node takes its request, and the name of that outcome.</summary>
internal static class Refusals
{
    /// <summary>The decision has no targets.</summary>
    /// <param name="decision">The decision; null when no router decided.</param>
    /// <param name="model">Model that the client named; null when it named an endpoint, which is known though nobody serves it.</param>
    public static (OpenAiError Error, string Outcome) Of(RouteDecision? decision, string? model) => decision switch
    {
        null => (OpenAiError.Unavailable("No router of the cluster answered.", "cluster_unavailable"), "cluster_unavailable"),
        { Status: RouteStatus.ModelUnknown } when model is not null => (OpenAiError.ModelNotFound(model), "model_unknown"),
        { Status: RouteStatus.Overloaded, Refusal: RouteRefusal.QueueFull } =>
            (OpenAiError.Busy("All nodes that serve this model are full, and so is the queue.", "queue_full", decision.RetryAfter), "queue_full"),
        { Status: RouteStatus.Overloaded, Refusal: RouteRefusal.QueueDeadline } =>
            (OpenAiError.Busy("All nodes that serve this model are full, and the wait would be longer than this request may wait.", "queue_deadline", decision.RetryAfter), "queue_deadline"),
        { Status: RouteStatus.Overloaded, Refusal: RouteRefusal.QueueTimeout } =>
            (OpenAiError.Busy("All nodes that serve this model stayed full for as long as this request may wait.", "queue_timeout", decision.RetryAfter), "queue_timeout"),
        { Status: RouteStatus.Overloaded } => (OpenAiError.Busy("All nodes that serve this model are full.", "overloaded", decision.RetryAfter), "overloaded"),
        { Status: RouteStatus.QuotaExceeded } => (OpenAiError.Busy("The quota of requests in flight is used up.", "quota_exceeded", decision.RetryAfter), "quota_exceeded"),
        { Status: RouteStatus.Forbidden } => (OpenAiError.Forbidden("A security policy does not allow this tenant to use this model."), "forbidden"),
        { Status: RouteStatus.Invalid } => (OpenAiError.BadRequest(Describe(decision)), "invalid"),
        _ => (OpenAiError.Unavailable("No node that serves this model takes requests now.", "no_eligible_target", decision.RetryAfter), "no_eligible_target"),
    };

    /// <summary>All targets failed; <paramref name="last"/> says how the last one did.</summary>
    public static (OpenAiError Error, string Outcome) Of(AttemptResult last) => last.Status switch
    {
        429 => (OpenAiError.Busy("All targets refused the request for load.", "upstream_busy", last.RetryAfter), "upstream_busy"),
        503 => (OpenAiError.Unavailable("All targets are unavailable.", "upstream_unavailable", last.RetryAfter), "upstream_unavailable"),
        _ => (OpenAiError.BadGateway($"All targets failed; the last one by: {last.Reason}."), "upstream_failed"),
    };

    private static RequestError Describe(RouteDecision decision) => decision.Errors is [var error, ..]
        ? new($"'{error.Field}' {error.Message}", error.Field, "invalid_value")
        : new("The request cannot be routed.", null, "invalid_value");
}
