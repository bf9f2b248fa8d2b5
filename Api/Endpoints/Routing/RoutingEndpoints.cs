using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Topology;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Endpoints.Routing;

/// <summary>Decisions and their outcomes.</summary>
internal static class RoutingEndpoints
{
    private const string Example = """{"model":"llama-3-8b","tenant":"acme","promptTokens":812,"outputTokens":256,"maxTargets":3}""";

    // Routers are stateless workers: keys only spread the calls.
    private const int Routers = 64;

    public static void MapRouting(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/route", Route)
            .Describe("Routing", "Route", "Decides where a request goes and reserves a place there", "Report the outcome under `decisionId`, or the reservation ends with its lease.")
            .Accepts(Example).Returns<DecisionView>().Refuses(400, 403, 404, 429);
        routes.MapPost("/route:dryRun", DryRun)
            .Describe("Routing", "DryRunRoute", "The same decision without a reservation", "Fully explained. A refusal is an answer here: see `status`.")
            .Accepts(Example).Returns<DecisionView>().Refuses(400);
        routes.MapPost("/outcomes", Report)
            .Describe("Routing", "ReportOutcome", "Tells how a routed request ended", "Settles its reservation. 404 when the reservation is not open (any more).")
            .Accepts("""{"decisionId":"01J9...","status":"success","nodeId":"gpu-17","ttftMs":182,"latencyMs":2210,"promptTokens":812,"outputTokens":241}""")
            .Returns(204).Refuses(400, 404);
    }

    private static async Task<IResult> Route(RouteBody body, HttpContext context, GrainCalls calls, ApiLocation here)
    {
        var reader = new BodyReader();
        var query = body.Read(reader, here.Current, dryRun: false);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        // A lost answer leaves a reservation that ends with its lease, so the call may be repeated.
        var decision = await calls.RetryAsync(g => Router(g).Route(query).AsTask(), context.RequestAborted);
        return decision.Status == RouteStatus.Routed ? TypedResults.Ok(DecisionView.Of(decision)) : RouteProblems.Of(query, decision);
    }

    private static async Task<IResult> DryRun(RouteBody body, HttpContext context, GrainCalls calls, ApiLocation here)
    {
        var reader = new BodyReader();
        var query = body.Read(reader, here.Current, dryRun: true);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        var decision = await calls.RetryAsync(g => Router(g).DryRun(query).AsTask(), context.RequestAborted);
        return decision.Status == RouteStatus.Invalid ? RouteProblems.Of(query, decision) : TypedResults.Ok(DecisionView.Of(decision));
    }

    private static async Task<IResult> Report(OutcomeBody body, HttpContext context, GrainCalls calls)
    {
        var reader = new BodyReader();
        var outcome = body.Read(reader);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        var attempts = 0;
        var settled = await calls.RetryAsync(
            grains =>
            {
                attempts++;
                return Router(grains).Report(outcome).AsTask();
            },
            context.RequestAborted);
        // After a lost answer, "not open" may only mean that the first attempt settled it.
        return settled || attempts > 1 ? TypedResults.NoContent() : new ProblemResult(Problem.NotFound("open reservation", outcome.DecisionId));
    }

    private static IRouterGrain Router(IGrainFactory grains) => grains.GetGrain<IRouterGrain>(Random.Shared.Next(Routers));
}
