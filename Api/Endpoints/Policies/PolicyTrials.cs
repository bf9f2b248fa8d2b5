using InferMesh.Api.Calls;
using InferMesh.Api.Decisions;
using InferMesh.Api.Endpoints.Routing;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Topology;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Endpoints.Policies;

/// <summary>A policy to be tried before it is written.</summary>
internal sealed record PolicyTrialBody
{
    /// <summary>The policy as it would be. Required.</summary>
    public PolicyBody? Spec { get; init; }

    /// <summary>How many of the recent decisions of this API are decided again, 0 to 200. Default 100, and 0 where there are requests.</summary>
    public int? Recent { get; init; }

    /// <summary>Requests to decide beside those, at most 100.</summary>
    public IReadOnlyList<RouteBody?>? Requests { get; init; }
}

/// <summary>Trying policies on recorded requests.</summary>
internal static class PolicyTrials
{
    private const string Example = """{"spec":{"kind":"routing","models":["llama-*"],"routing":{"strategy":"mesh"}},"recent":100}""";

    public static void MapPolicyTrials(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/policies/{name}:dryRun", DryRun).Needs(Permission.RoutingExplain)
            .Describe("Policies", "TryPolicy", "What a policy would change", """
                Checks the content, and decides recent requests of this API again: as they are decided now, and as they would be if the policy were in force, both on the same state of the
                fleet. Nothing is written or reserved. Blocks of prompts are not recorded, and the strategy that is tried has learned nothing yet.
                """)
            .Takes<PolicyTrialBody>(Example)
            .Returns<PolicyTrialView>().Refuses(400);

    private static async Task<IResult> DryRun(string name, VerbBody<PolicyTrialBody> body, HttpContext context, GrainCalls calls, DecisionLog decisions, ApiLocation here)
    {
        if (body.Value?.Spec is not { } given) return new ProblemResult(Problem.Invalid("spec", "is required: the policy as it would be."));
        var reader = new BodyReader();
        var spec = given.Read(reader);
        if (!Names.IsValid(name)) reader.Refuse("name", Names.Error("name").Message);
        var queries = TrialQueries.Read(reader, body.Value.Recent, body.Value.Requests, decisions, here);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        var errors = await calls.RetryAsync(g => g.GetGrain<IPolicyGrain>(name).Check(spec), context.RequestAborted);
        if (errors.Count > 0) return new ProblemResult(Problem.Invalid(errors));

        var policy = new Policy { Name = name, Spec = spec, Version = 0 };
        var trials = queries.Queries.Length == 0 ? []
            // Hundreds of decisions of a large fleet may take longer than a router has for one.
            : await calls.RetryAsync(g => g.GetGrain<IRouterGrain>(Random.Shared.Next(TrialQueries.Routers)).TryPolicy(queries.Queries, policy).AsTask(), context.RequestAborted);
        return TypedResults.Ok(PolicyTrialView.Of(queries.Queries.Zip(trials, queries.Ids)));
    }
}
