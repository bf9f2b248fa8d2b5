using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Topology;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Topology;
using InferMesh.Strategies.Topology;

namespace InferMesh.Api.Endpoints.Topology;

/// <summary>Where things are, and what lies between them.</summary>
internal static class TopologyEndpoints
{
    // From the nearest on.
    private static readonly LinkClass[] Classes =
        [LinkClass.NvLink, LinkClass.IntraNode, LinkClass.Rack, LinkClass.Zone, LinkClass.Region, LinkClass.Wan, LinkClass.Unknown];

    private static readonly string[] Sources = ["measured", "coordinates", "link_class"];

    public static void MapTopology(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/topology", Get).Needs(Permission.FleetRead)
            .Describe("Topology", "GetTopology", "Where requests enter the mesh, and what links cost", "APIs with their network coordinates, and the figures of the link classes that routing falls back to.")
            .Returns<TopologyView>();
        routes.MapGet("/topology/path", Path).Needs(Permission.FleetRead)
            .Describe("Topology", "GetPath", "The way from an API or a node to a node", "As routing prices it: measured where the node measures that API, else from network coordinates, else from the class of the link.")
            .WithQuery(
                new("to", "Node at the end of the way. Required."),
                new("from", "Node at its beginning; without one it begins at an API."),
                new("fromApi", "API at its beginning, by name; this one by default."),
                new("bytes", "Bytes to price.") { Type = QueryType.WholeNumber, Min = 0 })
            .Returns<PathView>()
            .Refuses(400, 404);
    }

    private static async Task<IResult> Get(GrainCalls calls, CancellationToken cancellationToken) => TypedResults.Ok(new TopologyView
    {
        Apis = [.. (await ApisAsync(calls, cancellationToken)).Select(ApiPlaceView.Of)],
        Links = [.. Classes.Select(LinkClassView.Of)],
    });

    private static async Task<IResult> Path(HttpContext context, GrainCalls calls, ApiLocation here, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(context);
        var (to, from, fromApi) = (reader.Text("to"), reader.Text("from"), reader.Text("fromApi"));
        if (to is null) reader.Refuse("to", "is required: the id of a node.");
        if (from is not null && fromApi is not null) reader.Refuse("fromApi", "cannot be given together with from.");
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));

        if (await NodeAsync(to!, calls, cancellationToken) is not { } end) return new ProblemResult(Problem.NotFound("node", to!));
        End? start;
        if (from is not null)
        {
            start = await NodeAsync(from, calls, cancellationToken) is { } node ? End.Of(node) : null;
            if (start is null) return new ProblemResult(Problem.NotFound("node", from));
        }
        else
        {
            start = fromApi is null || fromApi == here.Current.Name
                ? End.Of(here.Current)
                : (await ApisAsync(calls, cancellationToken)).FirstOrDefault(api => api.Name == fromApi) is { } api ? End.Of(api) : null;
            if (start is null) return new ProblemResult(Problem.NotFound("API", fromApi!));
        }
        return TypedResults.Ok(Between(start, End.Of(end), reader.Number("bytes")));
    }

    private static PathView Between(End from, End to, long? bytes)
    {
        var link = LinkClasses.Between(from.Origin, to.Origin.Zone, to.Origin.Region, to.Origin.Rack, to.Origin.Node);
        var figures = LinkClasses.Of(link);
        var measured = NetworkPath.RttSeconds(from.Origin.Place!, to.Place, out var source);
        var rtt = double.IsNaN(measured) || link == LinkClass.IntraNode ? figures.RttSeconds : measured;
        if (link == LinkClass.IntraNode) source = RttSource.LinkClass;
        // Both ends of a way between machines have ports.
        var rate = link == LinkClass.IntraNode ? figures.BytesPerSecond : Math.Min(figures.BytesPerSecond, Math.Min(from.BytesPerSecond, to.BytesPerSecond));
        return new()
        {
            LinkClass = LinkClasses.Name(link),
            RttMs = rtt * 1000,
            RttSource = Sources[(int)source],
            BytesPerSecond = rate,
            TransferSeconds = bytes is { } size && rate > 0 ? (rtt / 2) + (size / rate) : null,
            Dollars = bytes * figures.DollarsPerByte,
        };
    }

    private static async Task<NodeView?> NodeAsync(string id, GrainCalls calls, CancellationToken cancellationToken) =>
        Names.IsValid(id) ? await calls.RetryAsync(g => g.GetGrain<INodeGrain>(id).Get(), cancellationToken) : null;

    private static Task<IReadOnlyList<ApiPlace>> ApisAsync(GrainCalls calls, CancellationToken cancellationToken) =>
        calls.RetryAsync(g => g.GetGrain<ITopologyGrain>(ITopologyGrain.Key).List(), cancellationToken);

    /// <summary>One end of a way.</summary>
    private sealed record End(Origin Origin, NodePlace Place, double BytesPerSecond)
    {
        public static End Of(NodeView node)
        {
            var (registration, coordinate) = (node.Registration, Coordinate(node.Network?.Coordinate));
            MeasuredRtt[] rtts = [.. (node.Network?.Rtts ?? []).Select(static r => new MeasuredRtt(r.Api, r.RttMs))];
            var origin = new Origin(registration.Zone, registration.Region, registration.Rack, registration.NodeId, new OriginPlace($"node {registration.NodeId}", coordinate));
            return new(origin, new(coordinate, rtts), node.Network?.FreeBytesPerSecond() ?? double.PositiveInfinity);
        }

        public static End Of(ApiPlace api)
        {
            var coordinate = Coordinate(api.Coordinate);
            return new(new(api.Zone, api.Region, api.Rack, api.Node, new(api.Name, coordinate, api.Version)), new(coordinate, []), double.PositiveInfinity);
        }

        private static VivaldiCoordinate? Coordinate(NetworkCoordinate? c) => c is null ? null : new(c.Position, c.HeightMs, c.Error);
    }
}
