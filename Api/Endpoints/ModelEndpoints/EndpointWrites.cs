using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Policies;
using InferMesh.Api.Http;
using InferMesh.Api.Ingress.Endpoints;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.ModelEndpoints;

/// <summary>Changing endpoints: always against a version that the caller has seen.</summary>
internal static class EndpointWrites
{
    private const string Example =
        """{"models":[{"model":"llama-3.1-8b-instruct","weight":90},{"model":"llama-3.1-8b-instruct-canary","weight":10}],"aliases":["gpt-4o-mini"],"sloClass":"interactive","placement":{"regions":["eu-west"]},"routing":{"strategy":"mesh"}}""";
    private const string NewExample = """{"name":"chat","models":[{"model":"llama-3.1-8b-instruct"}],"aliases":["gpt-4o-mini"]}""";

    public static void MapEndpointWrites(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/endpoints", Post).Needs(Permission.EndpointsWrite)
            .Describe("Endpoints", "CreateEndpoint", "Creates an endpoint", "409 when there is one of this name, or when another one has the name or an alias.")
            .Accepts(NewExample)
            .Returns<EndpointView>(201).ReturnsEtag().Refuses(400, 409);
        routes.MapPut("/endpoints/{name}", Put).Needs(Permission.EndpointsWrite)
            .Describe("Endpoints", "PutEndpoint", "Replaces or creates an endpoint",
                "`If-Match: \"3\"` replaces version 3 and nothing else, `If-Match: *` any version, `If-None-Match: *` creates. 409 when another endpoint has the name or an alias.")
            .Accepts(Example).NeedsPrecondition(mayCreate: true)
            .Returns<EndpointView>(200, 201).ReturnsEtag().Refuses(400, 409, 412, 428);
        routes.MapDelete("/endpoints/{name}", Delete).Needs(Permission.EndpointsWrite)
            .Describe("Endpoints", "DeleteEndpoint", "Deletes an endpoint", "Its names are free; its history stays, and a rollback brings it back.")
            .NeedsPrecondition(mayCreate: false)
            .Returns(204).Refuses(400, 404, 412, 428);
        routes.MapPost("/endpoints/{name}:rollback", Rollback).Needs(Permission.EndpointsWrite)
            .Describe("Endpoints", "RollbackEndpoint", "Writes the content of an old version as a new one", "`If-None-Match: *` brings back an endpoint that is deleted.")
            .Takes<RollbackBody>("""{"version":2}""").NeedsPrecondition(mayCreate: true)
            .Returns<EndpointView>().ReturnsEtag().Refuses(400, 404, 409, 412, 428);
    }

    private static async Task<IResult> Post(NewEndpointBody body, HttpContext context, GrainCalls calls, EndpointDirectory directory)
    {
        if (Read(body.Name, body, out var spec) is { } invalid) return invalid;
        var result = await WriteAsync(body.Name!, context, calls, directory, (endpoint, actor) => endpoint.Put(spec, PolicyVersions.None, actor));
        return result is { Status: PolicyStatus.Conflict, NameTaken: false }
            ? new ProblemResult(Problem.Conflict($"There is an endpoint \"{body.Name}\" already, at version {result.CurrentVersion}: replace it with PUT."))
            : Answer(body.Name!, result, context, created: true);
    }

    private static async Task<IResult> Put(string name, EndpointBody body, HttpContext context, GrainCalls calls, EndpointDirectory directory)
    {
        var precondition = Precondition.Of(context.Request, mayCreate: true);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        if (Read(name, body, out var spec) is { } invalid) return invalid;
        if (await MissingAsync(name, precondition, context, calls) is { } missing) return missing;
        var result = await WriteAsync(name, context, calls, directory, (endpoint, actor) => endpoint.Put(spec, precondition.Expected, actor));
        return Answer(name, result, context, created: precondition.Expected == PolicyVersions.None);
    }

    private static async Task<IResult> Delete(string name, HttpContext context, GrainCalls calls, EndpointDirectory directory)
    {
        var precondition = Precondition.Of(context.Request, mayCreate: false);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        if (!Names.IsValid(name)) return new ProblemResult(Problem.NotFound("endpoint", name));
        var result = await WriteAsync(name, context, calls, directory, (endpoint, actor) => endpoint.Delete(precondition.Expected, actor));
        return result.Status == PolicyStatus.Accepted ? TypedResults.NoContent() : EndpointProblems.Of(name, result);
    }

    private static async Task<IResult> Rollback(string name, VerbBody<RollbackBody> body, HttpContext context, GrainCalls calls, EndpointDirectory directory)
    {
        var precondition = Precondition.Of(context.Request, mayCreate: true);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        if (body.Value?.Version is not { } version || version < 1) return new ProblemResult(Problem.Invalid("version", "must be 1 or more: a version of the endpoint's history."));
        if (!Names.IsValid(name)) return new ProblemResult(Problem.NotFound("endpoint", name));
        var result = await WriteAsync(name, context, calls, directory, (endpoint, actor) => endpoint.Rollback(version, precondition.Expected, actor));
        return Answer(name, result, context, created: false);
    }

    private static ProblemResult? Read(string? name, EndpointBody body, out EndpointSpec spec)
    {
        var reader = new BodyReader();
        spec = body.Read(reader);
        if (!Names.IsValid(name)) reader.Refuse("name", Names.Error("name").Message);
        return reader.Errors.Count > 0 ? new(Problem.Invalid(reader.Errors)) : null;
    }

    // A compare-and-set must not be repeated blindly: the second attempt would meet the first one's version.
    private static async Task<EndpointResult> WriteAsync(string name, HttpContext context, GrainCalls calls, EndpointDirectory directory, Func<IEndpointGrain, string, Task<EndpointResult>> write)
    {
        var actor = Actor.Of(context.Request).Name;
        var result = await calls.OnceAsync(g => write(g.GetGrain<IEndpointGrain>(name), actor), context.RequestAborted);
        if (result.Status == PolicyStatus.Accepted) await directory.FollowAsync(name, result.CurrentVersion);
        return result;
    }

    // "If-Match: *" means "there is one" (RFC 9110, 13.1.1); for the grain it means "whatever there is".
    private static async Task<IResult?> MissingAsync(string name, Precondition precondition, HttpContext context, GrainCalls calls) =>
        precondition.Expected == PolicyVersions.Any && await calls.RetryAsync(g => g.GetGrain<IEndpointGrain>(name).Get(), context.RequestAborted) is null
            ? VersionProblems.Stale("endpoint", name, 0)
            : null;

    private static IResult Answer(string name, EndpointResult result, HttpContext context, bool created)
    {
        if (result is not { Status: PolicyStatus.Accepted, Endpoint: { } endpoint }) return EndpointProblems.Of(name, result);
        context.Response.Headers.ETag = Etags.Of(endpoint.Version);
        if (created) context.Response.Headers.Location = ApiV1.EndpointPath(name);
        return TypedResults.Json(EndpointView.Of(endpoint), statusCode: created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }
}
