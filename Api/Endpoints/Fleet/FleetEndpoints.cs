using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Events;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Limits;

namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>Cells and their nodes in short: what the fleet has, read only.</summary>
internal static class FleetEndpoints
{
    private const int DefaultIntervalSeconds = 2;

    private static readonly QueryParameter IntervalParameter = new("intervalSeconds", "Least time between two events of a cell in a stream.") { Type = QueryType.WholeNumber, Min = 1, Max = 60, Default = DefaultIntervalSeconds };

    public static void MapCells(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/cells", ListCells).Needs(Permission.FleetRead)
            .Describe("Cells", "ListCells", "Cells of the mesh", "One summary per cell, from the cell's last snapshot.")
            .Returns<Listing<CellView>>();
        routes.MapGet("/cells/{id}", GetCell).Needs(Permission.FleetRead)
            .Describe("Cells", "GetCell", "One cell", "The summary of a cell: nodes by health, models, capacity and load.")
            .Returns<CellView>()
            .Refuses(404);
    }

    public static void MapFleet(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/fleet", Fleet).Needs(Permission.FleetRead)
            .Describe("Cells", "ReadFleet", "Every node in short, as a page or as a stream", """
                A column per reading for each cell, so that ten thousand nodes are a page. With `Accept: text/event-stream` server-sent events: `event: cell` has a cell, all of them first and
                then those that change; `event: gone` has the id of one that is no more; a comment line every 15 s keeps the connection open. A stream that breaks is begun anew.
                """)
            .WithQuery(IntervalParameter)
            .Returns<Listing<FleetCellView>>()
            .Streams()
            .Refuses(429);

    private static async Task<IResult> Fleet(HttpContext context, FleetStreams streams, StreamPlaces places, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context);
        if (query.Errors.Count > 0) return new ProblemResult(Problem.Invalid(query.Errors));
        if (!SseResponse.IsWanted(context.Request)) return TypedResults.Ok(new Listing<FleetCellView> { Items = await streams.ReadAsync(cancellationToken) });
        using var place = places.TryOpen(context.Caller());
        if (place is null) return StreamPlaces.Full();
        await streams.WriteAsync(context, TimeSpan.FromSeconds(query.Number(IntervalParameter.Name) ?? DefaultIntervalSeconds));
        return TypedResults.Empty;
    }

    private static async Task<IResult> ListCells(FleetReader fleet, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Listing<CellView> { Items = [.. (await fleet.ReadAsync(cancellationToken)).Select(CellView.Of)] });

    private static async Task<IResult> GetCell(string id, FleetReader fleet, CancellationToken cancellationToken) =>
        Names.IsValid(id) && await fleet.ReadAsync(id, cancellationToken) is { } cell
            ? TypedResults.Ok(CellView.Of(cell))
            : new ProblemResult(Problem.NotFound("cell", id));
}
