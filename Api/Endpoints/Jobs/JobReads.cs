using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>Reading training jobs, and what there is for them.</summary>
internal static class JobReads
{
    private const int DefaultLimit = 100;

    private static readonly QueryParameter[] ListParameters =
    [
        new("state", "Jobs in this state; several are alternatives.") { Repeats = true, Allowed = [.. JobWords.States.Keys] },
        new("tenant", "Jobs of this tenant."),
        new("project", "Jobs of this project."),
        new("name", "Jobs of this name; a trailing `*` matches any ending."),
        new("node", "Jobs that have GPUs on this node."),
        new("limit", "Most entries on a page.") { Type = QueryType.WholeNumber, Min = 1, Max = 1000, Default = DefaultLimit },
        new("cursor", "Where to go on: `nextCursor` of the page before."),
    ];

    public static void MapJobReads(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/jobs", List).Needs(Permission.JobsRead)
            .Describe("Jobs", "ListJobs", "Training jobs, filtered and paged", "Newest first, without command and environment. `byState` counts all jobs that the caller may see, whatever was asked for.")
            .WithQuery(ListParameters)
            .Returns<JobPageView>();
        routes.MapGet("/jobs/{id}", Get).Needs(Permission.JobsRead)
            .Describe("Jobs", "GetJob", "One training job", "Its spec, state, place and progress. The ETag changes with each event.")
            .Returns<JobView>().ReturnsEtag().Returns(304).Refuses(404);
        routes.MapGet("/jobs/{id}/explain", Explain).Needs(Permission.JobsRead)
            .Describe("Jobs", "ExplainJob", "Why a job waits, or why it is where it is", "As of the scheduler's last plan: its turn, the GPUs that would suit it, and what other strategies would do.")
            .Returns<JobExplanationView>().Refuses(404);
        routes.MapGet("/capacity", Capacity).Needs(Permission.CapacityRead)
            .Describe("Jobs", "GetCapacity", "GPUs that there are for training, and who has them", "By node and by tenant, as of the scheduler's last plan.")
            .Returns<MeshCapacityView>();
    }

    private static async Task<IResult> List(HttpContext context, OwnReader own, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(context);
        string? after = null;
        if (reader.Text("cursor") is { } cursor && !Cursor.TryRead(cursor, JobPlace.IsOne, out after)) reader.Refuse("cursor", "is not a cursor of this list.");
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        var query = new JobQuery
        {
            States = [.. reader.Texts("state").Where(JobWords.States.ContainsKey).Select(s => JobWords.States[s]).Distinct()],
            Tenant = reader.Text("tenant") ?? "",
            Project = reader.Text("project") ?? "",
            Name = reader.Text("name") ?? "",
            Node = reader.Text("node") ?? "",
            Limit = (int)(reader.Number("limit") ?? DefaultLimit),
        };
        return TypedResults.Ok(JobPageView.Of(await own.JobsAsync(context.Caller(), query.From(after ?? ""), cancellationToken)));
    }

    private static async Task<IResult> Get(string id, HttpContext context, OwnReader own, CancellationToken cancellationToken)
    {
        if (await own.JobAsync(context.Caller(), id, cancellationToken) is not { } job) return new ProblemResult(Problem.NotFound("job", id));
        return Etags.Answer(context, Etags.Of(job.Version), () => JobView.Of(job));
    }

    private static async Task<IResult> Explain(string id, HttpContext context, OwnReader own, CancellationToken cancellationToken)
    {
        if (await own.JobAsync(context.Caller(), id, cancellationToken) is not { } job) return new ProblemResult(Problem.NotFound("job", id));
        var explanation = await own.ExplainAsync(context.Caller(), id, cancellationToken);
        return TypedResults.Ok(explanation is null ? JobExplanationView.Of(job) : JobExplanationView.Of(explanation));
    }

    private static async Task<IResult> Capacity(HttpContext context, OwnReader own, CancellationToken cancellationToken) =>
        TypedResults.Ok(MeshCapacityView.Of(await own.CapacityAsync(context.Caller(), cancellationToken)));
}
