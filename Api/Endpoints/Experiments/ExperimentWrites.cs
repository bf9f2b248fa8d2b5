using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Policies;
using Microsoft.Extensions.Primitives;

namespace InferMesh.Api.Endpoints.Experiments;

/// <summary>Creating experiments, and changing their state by hand.</summary>
internal static class ExperimentWrites
{
    private const string Example = """
        {"name":"mesh-for-chat","models":["llama-*"],"arms":[{"name":"control","strategy":"least_queue"},{"name":"challenger","strategy":"mesh"}],"primary":"ttft_p95","guardrails":[{"metric":"error_rate","margin":0.01}],"promotion":{"auto":true}}
        """;

    private const string ReasonExample = """{"reason":"enough seen"}""";

    public static void MapExperimentWrites(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/experiments", Post).Needs(Permission.PoliciesWrite)
            .Describe("Experiments", "CreateExperiment", "Creates an experiment, and begins", """
                Requests that it is for are split over its arms within seconds, on all silos alike; the strategy of the arm takes the place of the policy's. What was written does not change while it runs. 409 when there
                is one of this name.
                """)
            .Accepts(Example)
            .Returns<ExperimentDetail>(201).ReturnsEtag().Refuses(400, 409);
        routes.MapPost("/experiments/{name}:stop", Stop).Needs(Permission.PoliciesWrite)
            .Describe("Experiments", "StopExperiment", "Ends an experiment", "What policies say serves again. 409 when it has ended. The body may be left out, and so may If-Match.")
            .ChangesExperiment();
        routes.MapPost("/experiments/{name}:promote", Promote).Needs(Permission.PoliciesWrite)
            .Describe("Experiments", "PromoteExperiment", "Lets the winner of an experiment serve", """
                All units that it is for get the winner, but for a holdback of the control by which it is watched. 409 when no winner waits for it, or when the figures cannot be trusted. The body may be left out, and so
                may If-Match.
                """)
            .ChangesExperiment();
        routes.MapPost("/experiments/{name}:demote", Demote).Needs(Permission.PoliciesWrite)
            .Describe("Experiments", "DemoteExperiment", "Takes a promoted winner back", "What policies say serves again. 409 when none is promoted. The body may be left out, and so may If-Match.")
            .ChangesExperiment();
        routes.MapPost("/experiments/{name}:pause", Pause).Needs(Permission.PoliciesWrite)
            .Describe("Experiments", "PauseExperiment", "Pauses an experiment", """
                All requests get what they would get without it, within seconds, and nothing is decided; those that were assigned before count with what comes of them. Intervals hold over pauses. 409 when it has ended, or is
                paused already. The body may be left out, and so may If-Match.
                """)
            .ChangesExperiment();
        routes.MapPost("/experiments/{name}:resume", Resume).Needs(Permission.PoliciesWrite)
            .Describe("Experiments", "ResumeExperiment", "Ends the pause of an experiment", "Requests are split as before, each unit as it was, and counted on. The pause counts for none of its durations. 409 when it is not paused. The body may be left out, and so may If-Match.")
            .ChangesExperiment();
        routes.MapDelete("/experiments/{name}", Delete).Needs(Permission.PoliciesWrite)
            .Describe("Experiments", "DeleteExperiment", "Deletes an experiment", "Running or not: what policies say serves again, and its outcomes are forgotten.")
            .NeedsPrecondition(mayCreate: false)
            .Returns(204).Refuses(400, 404, 412, 428);
    }

    private static RouteHandlerBuilder ChangesExperiment(this RouteHandlerBuilder endpoint) => endpoint
        .Takes<ExperimentReasonBody>(ReasonExample).TakesHeader("If-Match", "Version that must be current, as the ETag gave it; without it, whatever is.")
        .Returns<ExperimentDetail>().ReturnsEtag().Refuses(400, 404, 409, 412);

    private static async Task<IResult> Post(ExperimentBody body, HttpContext context, GrainCalls calls)
    {
        var reader = new BodyReader();
        var plan = body.Read(reader);
        if (!Names.IsValid(body.Name)) reader.Refuse("name", Names.Error("name").Message);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        var result = await WriteAsync(body.Name!, context, calls, (experiment, actor) => experiment.Create(plan, actor));
        if (result is { Status: PolicyStatus.Conflict, Errors: [] })
            return new ProblemResult(Problem.Conflict($"There is an experiment \"{body.Name}\" already, which began {result.Experiment?.Standing.StartedAt:u}: give the new one a name of its own, or delete that one."));
        if (result.Status == PolicyStatus.Accepted) context.Response.Headers.Location = ApiV1.ExperimentPath(body.Name!);
        return await AnswerAsync(body.Name!, result, context, calls, StatusCodes.Status201Created);
    }

    private static Task<IResult> Stop(string name, VerbBody<ExperimentReasonBody> body, HttpContext context, GrainCalls calls) =>
        ChangeAsync(name, body, context, calls, static (experiment, expected, reason, actor) => experiment.Stop(expected, reason, actor));

    private static Task<IResult> Promote(string name, VerbBody<ExperimentReasonBody> body, HttpContext context, GrainCalls calls) =>
        ChangeAsync(name, body, context, calls, static (experiment, expected, reason, actor) => experiment.Promote(expected, reason, actor));

    private static Task<IResult> Demote(string name, VerbBody<ExperimentReasonBody> body, HttpContext context, GrainCalls calls) =>
        ChangeAsync(name, body, context, calls, static (experiment, expected, reason, actor) => experiment.Demote(expected, reason, actor));

    private static Task<IResult> Pause(string name, VerbBody<ExperimentReasonBody> body, HttpContext context, GrainCalls calls) =>
        ChangeAsync(name, body, context, calls, static (experiment, expected, reason, actor) => experiment.Pause(expected, reason, actor));

    private static Task<IResult> Resume(string name, VerbBody<ExperimentReasonBody> body, HttpContext context, GrainCalls calls) =>
        ChangeAsync(name, body, context, calls, static (experiment, expected, reason, actor) => experiment.Resume(expected, reason, actor));

    private static async Task<IResult> Delete(string name, HttpContext context, GrainCalls calls)
    {
        var precondition = Precondition.Of(context.Request, mayCreate: false);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        if (!Names.IsValid(name)) return new ProblemResult(Problem.NotFound("experiment", name));
        var result = await WriteAsync(name, context, calls, (experiment, actor) => experiment.Delete(precondition.Expected, "", actor));
        return result.Status == PolicyStatus.Accepted ? TypedResults.NoContent() : Refusal(name, result);
    }

    private static async Task<IResult> ChangeAsync(
        string name, VerbBody<ExperimentReasonBody> body, HttpContext context, GrainCalls calls, Func<IExperimentGrain, long, string, string, Task<ExperimentResult>> change)
    {
        // The stage is a condition already: who stops what has ended is told so.
        var precondition = StringValues.IsNullOrEmpty(context.Request.Headers.IfMatch) ? new(PolicyVersions.Any, null) : Precondition.Of(context.Request, mayCreate: false);
        if (precondition.Problem is { } problem) return new ProblemResult(problem);
        var reader = new BodyReader();
        var reason = reader.Text("reason", body.Value?.Reason);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        if (!Names.IsValid(name)) return new ProblemResult(Problem.NotFound("experiment", name));
        var result = await WriteAsync(name, context, calls, (experiment, actor) => change(experiment, precondition.Expected, reason, actor));
        return await AnswerAsync(name, result, context, calls, StatusCodes.Status200OK);
    }

    // Once: a second attempt would find that the first one has changed the state.
    private static Task<ExperimentResult> WriteAsync(string name, HttpContext context, GrainCalls calls, Func<IExperimentGrain, string, Task<ExperimentResult>> write)
    {
        var actor = Actor.Of(context.Request).Name;
        return calls.OnceAsync(g => write(g.GetGrain<IExperimentGrain>(name), actor), context.RequestAborted);
    }

    private static async Task<IResult> AnswerAsync(string name, ExperimentResult result, HttpContext context, GrainCalls calls, int status)
    {
        if (result.Status != PolicyStatus.Accepted) return Refusal(name, result);
        if ((result.Report ?? await calls.RetryAsync(g => g.GetGrain<IExperimentGrain>(name).Read(), context.RequestAborted)) is not { } report) return new ProblemResult(Problem.NotFound("experiment", name));
        context.Response.Headers.ETag = Etags.Of(report.Experiment.Version);
        return TypedResults.Json(ExperimentDetail.Of(report), statusCode: status);
    }

    private static ProblemResult Refusal(string name, ExperimentResult result) => result switch
    {
        { Status: PolicyStatus.Invalid } => new(Problem.Invalid(result.Errors)),
        { Status: PolicyStatus.Conflict, Errors: [var error, ..] } => new(Problem.Conflict(error.Message)),
        { Status: PolicyStatus.Conflict } => VersionProblems.Stale("experiment", name, result.CurrentVersion),
        _ => new(Problem.NotFound("experiment", name)),
    };
}
