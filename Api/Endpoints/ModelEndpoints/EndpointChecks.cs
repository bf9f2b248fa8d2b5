using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Endpoints;

namespace InferMesh.Api.Endpoints.ModelEndpoints;

/// <summary>Checking an endpoint before it is written.</summary>
internal static class EndpointChecks
{
    private const string Example = """{"models":[{"model":"llama-3.1-8b-instruct"}],"aliases":["gpt-4o-mini"]}""";

    public static void MapEndpointChecks(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/endpoints/{name}:check", Check).Needs(Permission.EndpointsRead)
            .Describe("Endpoints", "CheckEndpoint", "Says what is wrong with the content of an endpoint", "As a change would: 204 when it could be written, names that other endpoints have included. Nothing is written.")
            .Takes<EndpointBody>(Example)
            .Returns(204).Refuses(400);

    private static async Task<IResult> Check(string name, VerbBody<EndpointBody> body, HttpContext context, GrainCalls calls)
    {
        if (body.Value is not { } given) return new ProblemResult(Problem.Invalid("models", "is required: the body is the endpoint as it would be."));
        var reader = new BodyReader();
        var spec = given.Read(reader);
        if (!Names.IsValid(name)) reader.Refuse("name", Names.Error("name").Message);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        var errors = await calls.RetryAsync(g => g.GetGrain<IEndpointGrain>(name).Check(spec), context.RequestAborted);
        return errors.Count > 0 ? new ProblemResult(Problem.Invalid(errors)) : TypedResults.NoContent();
    }
}
