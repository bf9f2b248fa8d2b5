using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Fleet;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Endpoints;

namespace InferMesh.Api.Endpoints.ModelEndpoints;

/// <summary>Reading endpoints.</summary>
internal static class EndpointReads
{
    public static void MapEndpointReads(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/endpoints", List).Needs(Permission.EndpointsRead)
            .Describe("Endpoints", "ListEndpoints", "Endpoints by name", "Those that exist now, disabled ones too.")
            .Returns<Listing<EndpointView>>();
        routes.MapGet("/endpoints/{name}", Get).Needs(Permission.EndpointsRead)
            .Describe("Endpoints", "GetEndpoint", "One endpoint", "The ETag is what a change must send as If-Match.")
            .Returns<EndpointView>()
            .ReturnsEtag()
            .Returns(304)
            .Refuses(404);
        routes.MapGet("/endpoints/{name}/history", History).Needs(Permission.EndpointsRead)
            .Describe("Endpoints", "GetEndpointHistory", "Versions of an endpoint, newest first", "The last 50, deletions included; also of an endpoint that is deleted.")
            .Returns<Listing<EndpointView>>()
            .Refuses(404);
    }

    private static async Task<IResult> List(GrainCalls calls, CancellationToken cancellationToken)
    {
        var listing = await calls.RetryAsync(g => g.GetGrain<IEndpointIndexGrain>(IEndpointIndexGrain.Key).List(), cancellationToken);
        return TypedResults.Ok(new Listing<EndpointView> { Items = [.. listing.Endpoints.Select(EndpointView.Of)] });
    }

    private static async Task<IResult> Get(string name, HttpContext context, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (!Names.IsValid(name) || await calls.RetryAsync(g => g.GetGrain<IEndpointGrain>(name).Get(), cancellationToken) is not { } endpoint)
            return new ProblemResult(Problem.NotFound("endpoint", name));
        return Etags.Answer(context, Etags.Of(endpoint.Version), () => EndpointView.Of(endpoint));
    }

    private static async Task<IResult> History(string name, GrainCalls calls, CancellationToken cancellationToken)
    {
        IReadOnlyList<MeshEndpoint> versions = Names.IsValid(name) ? await calls.RetryAsync(g => g.GetGrain<IEndpointGrain>(name).History(), cancellationToken) : [];
        return versions.Count > 0
            ? TypedResults.Ok(new Listing<EndpointView> { Items = [.. versions.Select(EndpointView.Of)] })
            : new ProblemResult(Problem.NotFound("endpoint", name));
    }
}
