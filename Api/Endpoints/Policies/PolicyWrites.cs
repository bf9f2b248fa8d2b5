using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Policies;

/// <summary>Changing policies: always against a version that the caller has seen.</summary>
internal static class PolicyWrites
{
    private const string Example = """{"kind":"routing","priority":0,"description":"network-aware for chat","models":["llama-*"],"routing":{"strategy":"mesh","parameters":{}}}""";
    private const string NewExample = """{"name":"chat-routing","kind":"routing","models":["llama-*"],"routing":{"strategy":"mesh"}}""";

    public static void MapPolicyWrites(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/policies", Post).Needs(Permission.PoliciesWrite)
            .Describe("Policies", "CreatePolicy", "Creates a policy", "409 when there is one of this name.")
            .Accepts(NewExample)
            .Returns<PolicyView>(201).ReturnsEtag().Refuses(400, 409);
        routes.MapPut("/policies/{name}", Put).Needs(Permission.PoliciesWrite)
            .Describe("Policies", "PutPolicy", "Replaces or creates a policy", "`If-Match: \"3\"` replaces version 3 and nothing else, `If-Match: *` any version, `If-None-Match: *` creates.")
            .Accepts(Example).NeedsPrecondition(mayCreate: true)
            .Returns<PolicyView>(200, 201).ReturnsEtag().Refuses(400, 412, 428);
        routes.MapDelete("/policies/{name}", Delete).Needs(Permission.PoliciesWrite)
            .Describe("Policies", "DeletePolicy", "Deletes a policy", "Its history stays, and a rollback brings it back.")
            .NeedsPrecondition(mayCreate: false)
            .Returns(204).Refuses(400, 404, 412, 428);
        routes.MapPost("/policies/{name}:rollback", Rollback).Needs(Permission.PoliciesWrite)
            .Describe("Policies", "RollbackPolicy", "Writes the content of an old version as a new one", "`If-None-Match: *` brings back a policy that is deleted.")
            .Takes<RollbackBody>("""{"version":2}""").NeedsPrecondition(mayCreate: true)
            .Returns<PolicyView>().ReturnsEtag().Refuses(400, 404, 412, 428);
    }

    private static async Task<IResult> Post(NewPolicyBody body, HttpContext context, GrainCalls calls)
    {
        var reader = new BodyReader();
        var spec = body.Read(reader);
        if (!Names.IsValid(body.Name)) reader.Refuse("name", Names.Error("name").Message);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        var result = await WriteAsync(body.Name!, context, calls, (policy, actor) => policy.Put(spec, PolicyVersions.None, actor));
        return result.Status == PolicyStatus.Conflict
            ? new ProblemResult(Problem.Conflict($"There is a policy \"{body.Name}\" already, at version {result.CurrentVersion}: replace it with PUT."))
            : Answer(body.Name!, result, context, created: true);
    }

    private static async Task<IResult> Put(string name, PolicyBody body, HttpContext context, GrainCalls calls)
    {
        var precondition = Precondition.Of(context.Request, mayCreate: true);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        var reader = new BodyReader();
        var spec = body.Read(reader);
        if (!Names.IsValid(name)) reader.Refuse("name", Names.Error("name").Message);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        if (await MissingAsync(name, precondition, context, calls) is { } missing) return missing;
        var result = await WriteAsync(name, context, calls, (policy, actor) => policy.Put(spec, precondition.Expected, actor));
        return Answer(name, result, context, created: precondition.Expected == PolicyVersions.None);
    }

    private static async Task<IResult> Delete(string name, HttpContext context, GrainCalls calls)
    {
        var precondition = Precondition.Of(context.Request, mayCreate: false);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        if (!Names.IsValid(name)) return new ProblemResult(Problem.NotFound("policy", name));
        var result = await WriteAsync(name, context, calls, (policy, actor) => policy.Delete(precondition.Expected, actor));
        return result.Status == PolicyStatus.Accepted ? TypedResults.NoContent() : Answer(name, result, context, created: false);
    }

    private static async Task<IResult> Rollback(string name, VerbBody<RollbackBody> body, HttpContext context, GrainCalls calls)
    {
        var precondition = Precondition.Of(context.Request, mayCreate: true);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        if (body.Value?.Version is not { } version || version < 1) return new ProblemResult(Problem.Invalid("version", "must be 1 or more: a version of the policy's history."));
        if (!Names.IsValid(name)) return new ProblemResult(Problem.NotFound("policy", name));
        var result = await WriteAsync(name, context, calls, (policy, actor) => policy.Rollback(version, precondition.Expected, actor));
        return Answer(name, result, context, created: false);
    }

    // A compare-and-set must not be repeated blindly: the second attempt would meet the first one's version.
    private static Task<PolicyResult> WriteAsync(string name, HttpContext context, GrainCalls calls, Func<IPolicyGrain, string, Task<PolicyResult>> write)
    {
        var actor = Actor.Of(context.Request).Name;
        return calls.OnceAsync(g => write(g.GetGrain<IPolicyGrain>(name), actor), context.RequestAborted);
    }

    // "If-Match: *" means "there is one" (RFC 9110, 13.1.1); for the grain it means "whatever there is".
    private static async Task<IResult?> MissingAsync(string name, Precondition precondition, HttpContext context, GrainCalls calls) =>
        precondition.Expected == PolicyVersions.Any && await calls.RetryAsync(g => g.GetGrain<IPolicyGrain>(name).Get(), context.RequestAborted) is null
            ? VersionProblems.Stale("policy", name, 0)
            : null;

    private static IResult Answer(string name, PolicyResult result, HttpContext context, bool created)
    {
        if (result is not { Status: PolicyStatus.Accepted, Policy: { } policy }) return PolicyProblems.Of(name, result);
        context.Response.Headers.ETag = Etags.Of(policy.Version);
        if (created) context.Response.Headers.Location = ApiV1.PolicyPath(name);
        return TypedResults.Json(PolicyView.Of(policy), statusCode: created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }
}
