using InferMesh.Api.Calls;
using InferMesh.Api.Decisions;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Topology;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Endpoints.Routing;

/// <summary>Decisions and their outcomes.</summary>
internal static class RoutingEndpoints
{
    private const string Example = """{"model":"llama-3-8b","tenant":"acme","promptTokens":812,"outputTokens":256,"maxTargets":3}""";

    public static void MapRouting(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/route", Route).Needs(Permission.Infer)
            .Describe("Routing", "Route", "Decides where a request goes and reserves a place there", "Report the outcome under `decisionId`, or the reservation ends with its lease.")
            .Accepts(Example).Returns<DecisionView>().Refuses(400, 403, 404, 429);
        routes.MapPost("/route:dryRun", DryRun).Needs(Permission.RoutingExplain)
            .Describe("Routing", "DryRunRoute", "The same decision without a reservation", "Fully explained. A refusal is an answer here: see `status`.")
            .Accepts(Example).Returns<DecisionView>().Refuses(400);
        routes.MapPost("/outcomes", Report).Needs(Permission.Infer)
            .Describe("Routing", "ReportOutcome", "Tells how a routed request ended", "Settles its reservation. 404 when the reservation is not open (any more).")
            .Accepts("""{"decisionId":"01J9...","status":"success","nodeId":"gpu-17","ttftMs":182,"latencyMs":2210,"promptTokens":812,"outputTokens":241}""")
            .Returns(204).Refuses(400, 404);
    }

    private static async Task<IResult> Route(RouteBody body, HttpContext context, OwnRouting routing, ApiLocation here)
    {
        var reader = new BodyReader();
        var query = body.Read(reader, here.Current, dryRun: false);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        var owner = Ownership.Of(context.Caller(), query.Tenant, "");
        if (owner.Refusal is { } foreign) return new ProblemResult(Problem.Forbidden(foreign));
        query = query with { Tenant = owner.Tenant };
        var (decision, refusal) = await routing.RouteAsync(context, query, DecisionSource.Rest);
        if (decision is null) return RouteProblems.Of(refusal!);
        return decision.Status == RouteStatus.Routed ? TypedResults.Ok(DecisionView.Of(decision)) : RouteProblems.Of(query, decision);
    }

    private static async Task<IResult> DryRun(RouteBody body, HttpContext context, GrainCalls calls, ApiLocation here)
    {
        var reader = new BodyReader();
        var query = body.Read(reader, here.Current, dryRun: true);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        var decision = await calls.AnyRouterAsync(r => r.DryRun(query), context.RequestAborted);
        return decision.Status == RouteStatus.Invalid ? RouteProblems.Of(query, decision) : TypedResults.Ok(DecisionView.Of(decision));
    }

    private static async Task<IResult> Report(OutcomeBody body, HttpContext context, OwnRouting routing)
    {
        var reader = new BodyReader();
        var outcome = body.Read(reader);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        return await routing.ReportAsync(context, outcome) ? TypedResults.NoContent() : new ProblemResult(Problem.NotFound("open reservation", outcome.DecisionId));
    }
}
