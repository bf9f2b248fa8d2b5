using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;

namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>Cells: what the fleet has, read only.</summary>
internal static class FleetEndpoints
{
    public static void MapCells(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/cells", ListCells)
            .Describe("Cells", "ListCells", "Cells of the mesh", "One summary per cell, from the cell's last snapshot.")
            .Returns<Listing<CellView>>();
        routes.MapGet("/cells/{id}", GetCell)
            .Describe("Cells", "GetCell", "One cell", "The summary of a cell: nodes by health, models, capacity and load.")
            .Returns<CellView>()
            .Refuses(404);
    }

    private static async Task<IResult> ListCells(FleetReader fleet, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Listing<CellView> { Items = [.. (await fleet.ReadAsync(cancellationToken)).Select(CellView.Of)] });

    private static async Task<IResult> GetCell(string id, FleetReader fleet, CancellationToken cancellationToken) =>
        Names.IsValid(id) && await fleet.ReadAsync(id, cancellationToken) is { } cell
            ? TypedResults.Ok(CellView.Of(cell))
            : new ProblemResult(Problem.NotFound("cell", id));
}
