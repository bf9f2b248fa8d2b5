using InferMesh.Api.Decisions;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Endpoints.Decisions;

/// <summary>Why requests went where they went.</summary>
internal static class DecisionEndpoints
{
    private const int DefaultLimit = 100;

    private static readonly QueryParameter[] Parameters =
    [
        new("limit", "Most decisions.") { Type = QueryType.WholeNumber, Min = 1, Max = 1000, Default = DefaultLimit },
        new("model", "Those for this model."),
        new("tenant", "Those of this tenant."),
        new("node", "Those whose first target is this node."),
        new("status", "Those that ended so.") { Allowed = [.. Enum.GetNames<RouteStatus>().Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName)] },
    ];

    public static void MapDecisions(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/decisions", List).Needs(Permission.RoutingExplain)
            .Describe("Routing", "ListDecisions", "Recent decisions, newest first", """
                Those that this API asked for lately: by default the last 500, at most 20 of each second (`InferMesh:Api:RecentDecisions`, `RecentDecisionsPerSecond`). They are kept in memory
                and end with the process. Dry runs are not among them.
                """)
            .WithQuery(Parameters)
            .Returns<DecisionListView>();
        routes.MapGet("/decisions/{id}", Get).Needs(Permission.RoutingExplain)
            .Describe("Routing", "GetDecision", "Why a request went where it went", "The request, the decision with its costs term by term, and how the request ended, as far as it is kept.")
            .Returns<RecentDecisionView>()
            .Refuses(404);
    }

    private static IResult List(HttpContext context, DecisionLog decisions)
    {
        var query = new QueryReader(context);
        if (query.Errors.Count > 0) return new ProblemResult(Problem.Invalid(query.Errors));
        var (model, tenant, node, status) = (query.Text("model"), query.Text("tenant"), query.Text("node"), query.Text("status")?.Replace("_", "", StringComparison.Ordinal));
        return TypedResults.Ok(new DecisionListView
        {
            Seen = decisions.Seen,
            Items =
            [
                .. decisions.Recent
                    .Where(d => (model is null || d.Query.Model == model) && (tenant is null || d.Query.Tenant == tenant)
                        && (node is null || d.Decision.Targets is [var first, ..] && first.NodeId == node)
                        && (status is null || d.Decision.Status.ToString().Equals(status, StringComparison.OrdinalIgnoreCase)))
                    .Take((int)(query.Number("limit") ?? DefaultLimit))
                    .Select(DecisionItem.Of),
            ],
        });
    }

    private static IResult Get(string id, DecisionLog decisions) =>
        decisions.Find(id) is { } found ? TypedResults.Ok(RecentDecisionView.Of(found)) : new ProblemResult(Problem.NotFound("recent decision", id));
}
