using System.Text.Json;
using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Experiments;

namespace InferMesh.Api.Endpoints.Experiments;

/// <summary>Reading experiments.</summary>
internal static class ExperimentReads
{
    private const int DefaultLimit = 100;

    private static readonly QueryParameter[] ListParameters =
    [
        new("stage", "Experiments at this stage; several are alternatives.") { Repeats = true, Allowed = [.. Enum.GetNames<ExperimentStage>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)] },
        new("limit", "Most entries on a page.") { Type = QueryType.WholeNumber, Min = 1, Max = 1000, Default = DefaultLimit },
        new("cursor", "Where to go on: `nextCursor` of the page before."),
    ];

    public static void MapExperimentReads(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/experiments", List).Needs(Permission.PoliciesRead)
            .Describe("Experiments", "ListExperiments", "Experiments by name", "Those that run and those that have ended, until they are deleted.")
            .WithQuery(ListParameters)
            .Returns<Page<ExperimentView>>();
        routes.MapGet("/experiments/{name}", Get).Needs(Permission.PoliciesRead)
            .Describe("Experiments", "GetExperiment", "One experiment with its outcomes", """
                Requests per arm, every metric with its interval, and what changed and why. The ETag is of the state, and is what a change may send as If-Match; outcomes come without a new version.
                """)
            .Returns<ExperimentDetail>()
            .ReturnsEtag()
            .Refuses(404);
    }

    private static async Task<IResult> List(HttpContext context, GrainCalls calls, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context);
        string? after = null;
        if (query.Text("cursor") is { } cursor && !Cursor.TryRead(cursor, out after)) query.Refuse("cursor", "is not a cursor of this list.");
        if (query.Errors.Count > 0) return new ProblemResult(Problem.Invalid(query.Errors));
        var (limit, stages) = ((int)(query.Number("limit") ?? DefaultLimit), query.Texts("stage").ToHashSet(StringComparer.OrdinalIgnoreCase));
        var listing = await calls.RetryAsync(g => g.GetGrain<IExperimentIndexGrain>(IExperimentIndexGrain.Key).List(), cancellationToken);
        MeshExperiment[] found = [.. listing.Experiments.Where(e => stages.Count == 0 || stages.Contains(e.Standing.Stage.ToString()))];
        MeshExperiment[] rest = after is null ? found : [.. found.Where(e => string.CompareOrdinal(e.Name, after) > 0)];
        return TypedResults.Ok(new Page<ExperimentView>
        {
            Items = [.. rest.Take(limit).Select(ExperimentView.Of)],
            NextCursor = rest.Length > limit ? Cursor.After(rest[limit - 1].Name) : null,
            Total = found.Length,
        });
    }

    private static async Task<IResult> Get(string name, HttpContext context, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (!Names.IsValid(name) || await calls.RetryAsync(g => g.GetGrain<IExperimentGrain>(name).Read(), cancellationToken) is not { } report)
            return new ProblemResult(Problem.NotFound("experiment", name));
        context.Response.Headers.ETag = Etags.Of(report.Experiment.Version);
        return TypedResults.Ok(ExperimentDetail.Of(report));
    }
}
