using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Fleet;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Api.Endpoints.Tenants;

/// <summary>Limits of tenants, and what they use.</summary>
internal static class TenantEndpoints
{
    private const string Example =
        """{"description":"Acme's chat","limits":{"requestsPerSecond":50,"burst":100,"concurrentRequests":64,"tokensPerMinute":200000,"tokensPerDay":20000000,"moneyPerDay":100,"trainingGpus":64},"projects":{"search":{"tokensPerDay":1000000}},"keys":{"0123456789abcdef":{"requestsPerSecond":5}},"price":{"promptPer1000":0.0005,"outputPer1000":0.0015},"modelPrices":{"llama-3.1-*":{"promptPer1000":0.0002,"outputPer1000":0.0002}},"placement":{"regions":["eu-west"]}}""";

    public static void MapTenants(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/tenants", List).Needs(Permission.TenantsRead)
            .Describe("Tenants", "ListTenants", "Tenants that have limits, by name", "A tenant that is not listed is not limited.")
            .Returns<Listing<TenantView>>();
        routes.MapGet("/tenants/{name}", Get).Needs(Permission.TenantsRead)
            .Describe("Tenants", "GetTenant", "Limits of one tenant", "The ETag is what a change must send as If-Match.")
            .Returns<TenantView>().ReturnsEtag().Returns(304).Refuses(404);
        routes.MapGet("/tenants/{name}/usage", Usage).Needs(Permission.TenantsRead)
            .Describe("Tenants", "GetTenantUsage", "What a tenant uses now", "This minute, today and in flight, in all and by each project and key that has limits, and what silos hold of the rest. Minutes and days are those of UTC.")
            .Returns<TenantUsage>().Refuses(404);
        routes.MapPut("/tenants/{name}", Put).Needs(Permission.TenantsWrite)
            .Describe("Tenants", "PutTenant", "Replaces or creates the limits of a tenant", "`If-Match: \"3\"` replaces version 3 and nothing else, `If-Match: *` any version, `If-None-Match: *` creates. In force everywhere within 3 seconds; what is used already stays counted.")
            .Accepts(Example).NeedsPrecondition(mayCreate: true)
            .Returns<TenantView>(200, 201).ReturnsEtag().Refuses(400, 412, 428);
        routes.MapDelete("/tenants/{name}", Delete).Needs(Permission.TenantsWrite)
            .Describe("Tenants", "DeleteTenant", "Deletes the limits of a tenant", "Nothing limits it any more.")
            .NeedsPrecondition(mayCreate: false)
            .Returns(204).Refuses(400, 404, 412, 428);
    }

    private static async Task<IResult> List(HttpContext context, OwnReader own, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Listing<TenantView> { Items = [.. (await own.TenantsAsync(context.Caller(), cancellationToken)).Select(TenantView.Of)] });

    private static async Task<IResult> Get(string name, HttpContext context, OwnReader own, CancellationToken cancellationToken)
    {
        if (await own.TenantAsync(context.Caller(), name, cancellationToken) is not { } tenant)
            return new ProblemResult(Problem.NotFound("tenant", name));
        return Etags.Answer(context, Etags.Of(tenant.Version), () => TenantView.Of(tenant));
    }

    private static async Task<IResult> Usage(string name, HttpContext context, OwnReader own, CancellationToken cancellationToken) =>
        await own.UsageAsync(context.Caller(), name, cancellationToken) is { } usage
            ? TypedResults.Ok(usage)
            : new ProblemResult(Problem.NotFound("tenant", name));

    private static async Task<IResult> Put(string name, TenantBody body, HttpContext context, GrainCalls calls)
    {
        var precondition = Precondition.Of(context.Request, mayCreate: true);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        var reader = new BodyReader();
        var spec = body.Read(reader);
        if (!Names.IsValid(name)) reader.Refuse("name", Names.Error("name").Message);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        // "If-Match: *" means "there is one" (RFC 9110, 13.1.1); for the grain it means "whatever there is".
        if (precondition.Expected == PolicyVersions.Any && await calls.RetryAsync(g => g.GetGrain<ITenantGrain>(name).Get(), context.RequestAborted) is null) return Stale(name, 0);
        var actor = Actor.Of(context.Request).Name;
        var result = await calls.OnceAsync(g => g.GetGrain<ITenantGrain>(name).Put(spec, precondition.Expected, actor), context.RequestAborted);
        if (result is not { Status: TenantStatus.Accepted, Tenant: { } tenant }) return Refusal(name, result);
        var created = precondition.Expected == PolicyVersions.None;
        context.Response.Headers.ETag = Etags.Of(tenant.Version);
        if (created) context.Response.Headers.Location = ApiV1.TenantPath(name);
        return TypedResults.Json(TenantView.Of(tenant), statusCode: created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static async Task<IResult> Delete(string name, HttpContext context, GrainCalls calls)
    {
        var precondition = Precondition.Of(context.Request, mayCreate: false);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        if (!Names.IsValid(name)) return new ProblemResult(Problem.NotFound("tenant", name));
        var actor = Actor.Of(context.Request).Name;
        var result = await calls.OnceAsync(g => g.GetGrain<ITenantGrain>(name).Delete(precondition.Expected, actor), context.RequestAborted);
        return result.Status == TenantStatus.Accepted ? TypedResults.NoContent() : Refusal(name, result);
    }

    private static ProblemResult Refusal(string name, TenantResult result) => result.Status switch
    {
        TenantStatus.Invalid => new(Problem.Invalid(result.Errors)),
        TenantStatus.Conflict => Stale(name, result.CurrentVersion),
        _ => new(Problem.NotFound("tenant", name)),
    };

    private static ProblemResult Stale(string name, long currentVersion)
    {
        var problem = Problem.Of(
            StatusCodes.Status412PreconditionFailed, "precondition-failed", "Another version is current",
            currentVersion == 0
                ? $"There is no tenant \"{name}\" now: create it with If-None-Match: *."
                : $"Tenant \"{name}\" is at version {currentVersion}: read it, and send your change with If-Match: \"{currentVersion}\".");
        problem.Extensions["currentVersion"] = currentVersion;
        return new(problem);
    }
}
