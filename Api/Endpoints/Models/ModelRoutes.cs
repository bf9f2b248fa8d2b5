using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Fleet;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Models;

/// <summary>Models: what nodes serve, and what is registered to be served.</summary>
internal static class ModelRoutes
{
    private const int MaxName = 256;
    private const string Example = """{"replicas":2,"vramBytes":17179869184,"runtimes":["triton"],"antiAffinity":"failure_domain","labels":{"gpu":"H100-80G"}}""";
    private static readonly QueryParameter ReplicasParameter = new("replicas", "Whether to list the replicas of each model.") { Type = QueryType.Flag };
    private static readonly QueryParameter DryRunParameter = new("dryRun", "True changes nothing and answers with what would be done, under `plan`; it needs no precondition.") { Type = QueryType.Flag };

    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/models", List).Needs(Permission.ModelsRead)
            .Describe("Models", "ListModels", "Models that nodes serve or should serve", "By name: what nodes report now, and under `registration` what is registered and made of it. With `replicas=true` each comes with its replicas.")
            .WithQuery(ReplicasParameter)
            .Returns<Listing<ModelView>>();
        routes.MapGet("/models/{**name}", Get).Needs(Permission.ModelsRead)
            .Describe("Models", "GetModel", "One model, where it is served and where it should be", "The name may contain slashes, as in `org/model`. The ETag of a registered model is what a change must send as If-Match.")
            .Returns<ModelView>().ReturnsEtag()
            .Refuses(404);
        routes.MapPut("/models/{**name}", Put).Needs(Permission.ModelsWrite)
            .Describe("Models", "PutModel", "Registers or changes a model",
                "`If-Match: \"3\"` replaces version 3 and nothing else, `If-Match: *` any version, `If-None-Match: *` registers. The mesh then loads and unloads replicas on runtimes whose agents may.")
            .Accepts(Example).NeedsPrecondition(mayCreate: true).WithQuery(DryRunParameter)
            .Returns<ModelView>(200, 201).ReturnsEtag().Refuses(400, 412, 428);
        routes.MapDelete("/models/{**name}", Delete).Needs(Permission.ModelsWrite)
            .Describe("Models", "DeleteModel", "Ends the registration of a model", "For ten minutes its replicas are unloaded wherever an agent may; what a runtime has after that is left alone.")
            .NeedsPrecondition(mayCreate: false)
            .Returns(204).Refuses(400, 404, 412, 428);
    }

    private static async Task<IResult> List(HttpContext context, ModelReader models, CancellationToken cancellationToken)
    {
        var withReplicas = new QueryReader(context).Flag(ReplicasParameter.Name) ?? false;
        var list = await models.ListAsync(cancellationToken);
        return TypedResults.Ok(new Listing<ModelView> { Items = withReplicas ? list : [.. list.Select(m => m with { Replicas = [] })] });
    }

    private static async Task<IResult> Get(string name, HttpContext context, ModelReader models, CancellationToken cancellationToken)
    {
        name = Decoded(name);
        if (!IsName(name) || await models.FindAsync(name, cancellationToken) is not { } model) return new ProblemResult(Problem.NotFound("model", name));
        if (model.Registration is { } registration) context.Response.Headers.ETag = Etags.Of(registration.Version);
        return TypedResults.Ok(model);
    }

    private static async Task<IResult> Put(string name, ModelBody body, HttpContext context, GrainCalls calls, ModelReader models)
    {
        name = Decoded(name);
        var dryRun = new QueryReader(context).Flag(DryRunParameter.Name) ?? false;
        var precondition = Precondition.Of(context.Request, mayCreate: true);
        if (!dryRun && precondition.Problem is { } problem) return new ProblemResult(problem);
        var reader = new BodyReader();
        var spec = body.Read(reader);
        if (!IsName(name)) reader.Refuse("name", $"must have 1 to {MaxName} characters.");
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        if (dryRun) return await DryRunAsync(name, spec, context, calls);

        // "If-Match: *" means "there is one" (RFC 9110, 13.1.1); for the grain it means "whatever there is".
        if (precondition.Expected == PolicyVersions.Any && await calls.RetryAsync(g => g.GetGrain<IModelGrain>(name).Get(), context.RequestAborted) is null)
            return VersionProblems.Stale("model", name, 0);
        // A compare-and-set must not be repeated blindly: the second attempt would meet the first one's version.
        var result = await calls.OnceAsync(g => g.GetGrain<IModelGrain>(name).Put(spec, precondition.Expected, Actor.Of(context.Request).Name), context.RequestAborted);
        if (result is not { Status: PolicyStatus.Accepted, Model: { } model }) return Refused(name, result);
        var created = precondition.Expected == PolicyVersions.None;
        context.Response.Headers.ETag = Etags.Of(model.Version);
        if (created) context.Response.Headers.Location = ApiV1.ModelPath(name);
        var view = await models.FindAsync(name, context.RequestAborted) ?? ModelView.Idle(name);
        return TypedResults.Json(view with { Registration = view.Registration ?? RegistrationView.Of(model, null) }, statusCode: created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static async Task<IResult> DryRunAsync(string name, ModelSpec spec, HttpContext context, GrainCalls calls)
    {
        var errors = await calls.RetryAsync(g => g.GetGrain<IModelGrain>(name).Check(spec), context.RequestAborted);
        if (errors.Count > 0) return new ProblemResult(Problem.Invalid(errors));
        var preview = await calls.RetryAsync(g => g.GetGrain<IModelPlannerGrain>(IModelPlannerGrain.Key).DryRun(name, spec), context.RequestAborted);
        return TypedResults.Ok(ModelView.Idle(name) with { Plan = ModelPlanView.Of(preview) });
    }

    private static async Task<IResult> Delete(string name, HttpContext context, GrainCalls calls)
    {
        name = Decoded(name);
        var precondition = Precondition.Of(context.Request, mayCreate: false);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        if (!IsName(name)) return new ProblemResult(Problem.NotFound("registered model", name));
        var result = await calls.OnceAsync(g => g.GetGrain<IModelGrain>(name).Delete(precondition.Expected, Actor.Of(context.Request).Name), context.RequestAborted);
        return result.Status == PolicyStatus.Accepted ? TypedResults.NoContent() : Refused(name, result);
    }

    private static ProblemResult Refused(string name, ModelResult result) => result.Status switch
    {
        PolicyStatus.Invalid => new(Problem.Invalid(result.Errors)),
        PolicyStatus.Conflict => VersionProblems.Stale("model", name, result.CurrentVersion),
        _ => new(Problem.NotFound("registered model", name)),
    };

    // Routing decodes everything but the slash, which clients that escape whole segments send as %2F.
    private static string Decoded(string? name) => (name ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    // A name becomes the key of a grain, and there is none for blanks.
    private static bool IsName(string name) => name.Length <= MaxName && !string.IsNullOrWhiteSpace(name);
}
