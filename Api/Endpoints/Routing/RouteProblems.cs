using InferMesh.Api.Ingress;
using InferMesh.Api.Problems;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Endpoints.Routing;

/// <summary>Refused routes as problem details.</summary>
internal static class RouteProblems
{
    public static ProblemResult Of(RouteQuery query, RouteDecision decision) => decision.Status switch
    {
        RouteStatus.Invalid => new(Problem.Invalid(decision.Errors)),
        RouteStatus.Forbidden => new(With(decision, 403, "route-forbidden", "A security policy forbids it", $"A policy keeps this caller from {query.Model}.")),
        RouteStatus.ModelUnknown => new(With(decision, 404, "model-unknown", "No node serves the model", $"No node serves \"{query.Model}\".")),
        RouteStatus.Overloaded => new(With(decision, 429, "overloaded", "All nodes are full", "Every node that may serve this is full; come back after Retry-After."), decision.RetryAfter),
        RouteStatus.QuotaExceeded => new(With(decision, 429, "quota-exceeded", "The quota is used up", "As many requests are in flight as the quota allows."), decision.RetryAfter),
        _ => new(With(decision, 503, "no-eligible-target", "No node may serve this now", "Health, placement or the request's own demands rule all nodes out; see exclusions."), decision.RetryAfter),
    };

    /// <summary>The tenant's budget does not allow it, or cannot be read.</summary>
    public static ProblemResult Of(OpenAiError refusal) =>
        new(Problem.Of(refusal.Status, refusal.Code?.Replace('_', '-') ?? "quota-exceeded", refusal.Status switch { 429 => "The budget is used up", 503 => "The budget cannot be read", _ => "The request is not valid" }, refusal.Message), refusal.RetryAfter ?? TimeSpan.Zero);

    private static ProblemDetails With(RouteDecision decision, int status, string type, string title, string detail)
    {
        var problem = Problem.Of(status, type, title, detail);
        problem.Extensions["reason"] = decision.Status;
        problem.Extensions["decisionId"] = decision.DecisionId;
        problem.Extensions["policies"] = decision.Policies;
        problem.Extensions["exclusions"] = decision.Excluded;
        return problem;
    }
}
