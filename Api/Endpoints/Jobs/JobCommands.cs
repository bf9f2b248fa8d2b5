using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>What is done to a training job.</summary>
internal static class JobCommands
{
    public static void MapJobCommands(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/jobs/{id}:pause", Pause).Needs(Permission.JobsWrite)
            .Describe("Jobs", "PauseJob", "Stops a job until it is resumed", "It is asked for a checkpoint first, and gives its GPUs back. The body may be left out.")
            .Takes<JobReasonBody>("""{"reason":"wait for new data"}""")
            .ChangesJob();
        routes.MapPost("/jobs/{id}:resume", Resume).Needs(Permission.JobsWrite)
            .Describe("Jobs", "ResumeJob", "Ends a pause", "It waits for a place again, and goes on from its last checkpoint.")
            .ChangesJob();
        routes.MapPost("/jobs/{id}:scale", Scale).Needs(Permission.JobsWrite)
            .Describe("Jobs", "ScaleJob", "Changes how many workers a job should have", "Within its minWorkers and maxWorkers. One that runs moves to its new size after a checkpoint, as soon as there is room.")
            .Takes<JobScaleBody>("""{"workers":8}""")
            .ChangesJob();
        routes.MapPost("/jobs/{id}:checkpoint", Checkpoint).Needs(Permission.JobsWrite)
            .Describe("Jobs", "CheckpointJob", "Asks a job for a checkpoint", "It goes on; watch `progress.checkpointStep`.")
            .ChangesJob();
        routes.MapPost("/jobs/{id}:cancel", Cancel).Needs(Permission.JobsWrite)
            .Describe("Jobs", "CancelJob", "Ends a job", "One that has ended stays as it is. The body may be left out.")
            .Takes<JobReasonBody>("""{"reason":"wrong dataset"}""")
            .ChangesJob();
    }

    private static RouteHandlerBuilder ChangesJob(this RouteHandlerBuilder endpoint) => endpoint.Returns<JobView>().ReturnsEtag().Refuses(400, 404, 409);

    private static Task<IResult> Pause(string id, VerbBody<JobReasonBody> body, HttpContext context, JobAccess access) =>
        CommandAsync(id, body, context, access, static (job, reason, actor) => job.Pause(reason, actor));

    private static Task<IResult> Cancel(string id, VerbBody<JobReasonBody> body, HttpContext context, JobAccess access) =>
        CommandAsync(id, body, context, access, static (job, reason, actor) => job.Cancel(reason, actor));

    private static Task<IResult> Resume(string id, HttpContext context, JobAccess access) =>
        CommandAsync(id, new(), context, access, static (job, actor) => job.Resume(actor));

    private static Task<IResult> Checkpoint(string id, HttpContext context, JobAccess access) =>
        CommandAsync(id, new(), context, access, static (job, actor) => job.Checkpoint(actor));

    private static Task<IResult> Scale(string id, VerbBody<JobScaleBody> body, HttpContext context, JobAccess access)
    {
        var reader = new BodyReader();
        if (body.Value?.Workers is null) reader.Refuse("workers", "is required.");
        var workers = body.Value?.Workers ?? 0;
        return CommandAsync(id, reader, context, access, (job, actor) => job.Scale(workers, actor));
    }

    private static Task<IResult> CommandAsync(string id, VerbBody<JobReasonBody> body, HttpContext context, JobAccess access, Func<IJobGrain, string, string, Task<JobResult>> command)
    {
        var reader = new BodyReader();
        var reason = reader.Text("reason", body.Value?.Reason);
        return CommandAsync(id, reader, context, access, (job, actor) => command(job, reason, actor));
    }

    /// <summary>A command that may be repeated: the second one finds done, or under way, what the first one did.</summary>
    private static async Task<IResult> CommandAsync(string id, BodyReader reader, HttpContext context, JobAccess access, Func<IJobGrain, string, Task<JobResult>> command)
    {
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        if (!Names.IsValid(id) || !await access.Own.MayChangeAsync(context.Caller(), id, context.RequestAborted)) return new ProblemResult(Problem.NotFound("job", id));
        var actor = Actor.Of(context.Request).Name;
        var result = OwnReader.Shown(context.Caller(), await access.Calls.RetryAsync(g => command(g.GetGrain<IJobGrain>(id), actor), context.RequestAborted), id);
        if (result is { Status: JobResultStatus.Accepted, Job: { } job })
        {
            context.Response.Headers.ETag = Etags.Of(job.Version);
            return TypedResults.Ok(JobView.Of(job));
        }
        return new ProblemResult(result.Status switch
        {
            JobResultStatus.Invalid => Problem.Invalid(result.Errors),
            JobResultStatus.Conflict => Problem.Conflict(result.Reason()),
            _ => Problem.NotFound("job", id),
        });
    }
}
