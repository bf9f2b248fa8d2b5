using System.Globalization;
using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Nodes;

/// <summary>Reading nodes.</summary>
internal static class NodeReads
{
    public static void MapNodeReads(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/nodes", List).Needs(Permission.FleetRead)
            .Describe("Nodes", "ListNodes", "Nodes, filtered and paged", "By id over all cells, from the cells' last snapshots: a change shows within about a second.")
            .WithQuery(NodeQuery.Parameters)
            .Returns<Page<NodeSummaryItem>>();
        routes.MapGet("/nodes/{id}", Get).Needs(Permission.FleetRead)
            .Describe("Nodes", "GetNode", "One node with its last readings", "The ETag changes with every change of the node, new readings included.")
            .Returns<NodeDetail>()
            .ReturnsEtag()
            .Returns(304)
            .Refuses(404);
    }

    /// <summary>Tag of all that a node shows: readings and health change without a new version.</summary>
    public static string Etag(NodeView node) => string.Create(
        CultureInfo.InvariantCulture, $"\"{node.Version}-{node.Epoch}-{node.Sequence}-{node.Health}{(node.Drained ? "-drained" : "")}\"");

    /// <summary>A node as it is shown now.</summary>
    public static NodeDetail Detail(NodeView node, HttpContext context) => NodeDetail.Of(node, context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());

    private static async Task<IResult> List(HttpContext context, FleetReader fleet, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(context);
        var query = NodeQuery.Read(reader);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        if (query.Cell is not { } cell) return TypedResults.Ok(query.Run(await fleet.ReadAsync(cancellationToken)));
        return TypedResults.Ok(query.Run(await fleet.ReadAsync(cell, cancellationToken) is { } snapshot ? [snapshot] : []));
    }

    private static async Task<IResult> Get(string id, HttpContext context, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (!Names.IsValid(id) || await calls.RetryAsync(g => g.GetGrain<INodeGrain>(id).Get(), cancellationToken) is not { } node)
            return new ProblemResult(Problem.NotFound("node", id));
        return Etags.Answer(context, Etag(node), () => Detail(node, context));
    }
}
