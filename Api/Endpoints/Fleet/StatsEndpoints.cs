using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;

namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>Figures of the mesh as a whole, and its busiest parts: one call for a screen, however large the mesh is.</summary>
internal static class StatsEndpoints
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;
    private static readonly QueryParameter OfParameter = new("of", "Parts that are listed; none by default.") { Allowed = ["nodes", "cells", "models"] };
    private static readonly QueryParameter SortParameter = new("sort", "Order of the parts, the largest first, those without a reading last; load by default, and name from A to Z.") { Allowed = [.. FleetStats.Orders.Keys] };
    private static readonly QueryParameter LimitParameter = new("limit", "Most parts.") { Type = QueryType.WholeNumber, Min = 1, Max = MaxLimit, Default = DefaultLimit };

    public static void MapStats(this IEndpointRouteBuilder routes) => routes.MapGet("/stats", Get).Needs(Permission.FleetRead)
        .Describe("Cells", "GetStats", "Figures of the mesh, and its busiest parts", "Sums over all nodes from the cells' last snapshots, and with `of` the first nodes, cells or models in an order.")
        .WithQuery(OfParameter, SortParameter, LimitParameter)
        .Returns<StatsView>();

    private static async Task<IResult> Get(HttpContext context, FleetReader fleet, TimeProvider time, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context);
        if (query.Errors.Count > 0) return new ProblemResult(Problem.Invalid(query.Errors));
        var limit = (int)(query.Number(LimitParameter.Name) ?? DefaultLimit);
        return TypedResults.Ok(FleetStats.Of(await fleet.ReadAsync(cancellationToken), query.Text(OfParameter.Name), query.Text(SortParameter.Name) ?? "load", limit, time.GetUtcNow()));
    }
}
