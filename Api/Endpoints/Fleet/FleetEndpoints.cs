using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;

namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>Cells and models: what the fleet has, read only.</summary>
internal static class FleetEndpoints
{
    private static readonly QueryParameter ReplicasParameter = new("replicas", "Whether to list the replicas of each model.") { Type = QueryType.Flag };

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

    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/models", ListModels)
            .Describe("Models", "ListModels", "Models that nodes serve now", "By name. With `replicas=true` each comes with its replicas.")
            .WithQuery(ReplicasParameter)
            .Returns<Listing<ModelView>>();
        routes.MapGet("/models/{**name}", GetModel)
            .Describe("Models", "GetModel", "One model and where it is served", "The name may contain slashes, as in `org/model`.")
            .Returns<ModelView>()
            .Refuses(404);
    }

    private static async Task<IResult> ListCells(FleetReader fleet, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Listing<CellView> { Items = [.. (await fleet.ReadAsync(cancellationToken)).Select(CellView.Of)] });

    private static async Task<IResult> GetCell(string id, FleetReader fleet, CancellationToken cancellationToken) =>
        Names.IsValid(id) && await fleet.ReadAsync(id, cancellationToken) is { } cell
            ? TypedResults.Ok(CellView.Of(cell))
            : new ProblemResult(Problem.NotFound("cell", id));

    private static async Task<IResult> ListModels(HttpContext context, FleetReader fleet, CancellationToken cancellationToken)
    {
        var withReplicas = new QueryReader(context).Flag(ReplicasParameter.Name) ?? false;
        var models = ModelView.Of(await fleet.ReadAsync(cancellationToken));
        return TypedResults.Ok(new Listing<ModelView> { Items = withReplicas ? models : [.. models.Select(m => m with { Replicas = [] })] });
    }

    private static async Task<IResult> GetModel(string name, FleetReader fleet, CancellationToken cancellationToken)
    {
        // Routing decodes everything but the slash, which clients that escape whole segments send as %2F.
        name = name.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return ModelView.Of(await fleet.ReadAsync(cancellationToken), name) is [var model]
            ? TypedResults.Ok(model)
            : new ProblemResult(Problem.NotFound("model", name));
    }
}
