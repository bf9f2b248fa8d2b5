using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Fleet;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Policies;

/// <summary>Reading policies.</summary>
internal static class PolicyReads
{
    private static readonly QueryParameter KindParameter = new("kind", "Policies of this kind.")
    {
        Allowed = [.. Enum.GetNames<PolicyKind>().Select(kind => kind.ToLowerInvariant())],
    };

    public static void MapPolicyReads(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/policies", List).Needs(Permission.PoliciesRead)
            .Describe("Policies", "ListPolicies", "Policies by name", "Those that are in force now.")
            .WithQuery(KindParameter)
            .Returns<Listing<PolicyView>>();
        routes.MapGet("/policies/{name}", Get).Needs(Permission.PoliciesRead)
            .Describe("Policies", "GetPolicy", "One policy", "The ETag is what a change must send as If-Match.")
            .Returns<PolicyView>()
            .ReturnsEtag()
            .Returns(304)
            .Refuses(404);
        routes.MapGet("/policies/{name}/history", History).Needs(Permission.PoliciesRead)
            .Describe("Policies", "GetPolicyHistory", "Versions of a policy, newest first", "The last 50, deletions included; also of a policy that is deleted.")
            .Returns<Listing<PolicyView>>()
            .Refuses(404);
    }

    private static async Task<IResult> List(HttpContext context, GrainCalls calls, CancellationToken cancellationToken)
    {
        var kind = new QueryReader(context).Text(KindParameter.Name) is { } text ? Enum.Parse<PolicyKind>(text, ignoreCase: true) : (PolicyKind?)null;
        var listing = await calls.RetryAsync(g => g.GetGrain<IPolicyIndexGrain>(IPolicyIndexGrain.Key).List(), cancellationToken);
        return TypedResults.Ok(new Listing<PolicyView> { Items = [.. listing.Policies.Where(p => kind is null || p.Spec.Kind == kind).Select(PolicyView.Of)] });
    }

    private static async Task<IResult> Get(string name, HttpContext context, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (!Names.IsValid(name) || await calls.RetryAsync(g => g.GetGrain<IPolicyGrain>(name).Get(), cancellationToken) is not { } policy)
            return new ProblemResult(Problem.NotFound("policy", name));
        return Etags.Answer(context, Etags.Of(policy.Version), () => PolicyView.Of(policy));
    }

    private static async Task<IResult> History(string name, GrainCalls calls, CancellationToken cancellationToken)
    {
        IReadOnlyList<Policy> versions = Names.IsValid(name) ? await calls.RetryAsync(g => g.GetGrain<IPolicyGrain>(name).History(), cancellationToken) : [];
        return versions.Count > 0
            ? TypedResults.Ok(new Listing<PolicyView> { Items = [.. versions.Select(PolicyView.Of)] })
            : new ProblemResult(Problem.NotFound("policy", name));
    }
}
