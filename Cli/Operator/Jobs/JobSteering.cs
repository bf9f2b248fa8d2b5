using System.CommandLine;
using System.Text.Json.Nodes;

namespace InferMesh.Cli.Operator.Jobs;

/// <summary>What is done to a job: each answers with the state that it is in then.</summary>
internal static class JobSteering
{
    public static Command Pause() => WithReason("pause", "Stop a job, after a checkpoint, until it is resumed.");

    public static Command Cancel() => WithReason("cancel", "End a job.");

    public static Command Resume() => Plain("resume", "End a pause: the job waits for a place again.");

    public static Command Checkpoint() => Plain("checkpoint", "Ask a job for a checkpoint; it goes on.");

    public static Command Scale()
    {
        var (id, workers) = (JobCommand.Id(), new Argument<int>("workers") { Description = "Workers that it should have, within its limits." });
        return ApiCommand.Create("scale", "Change how many workers a job should have.", (call, cancellationToken) =>
            SendAsync(call, call.Parsed.GetRequiredValue(id), "scale", new JsonObject { ["workers"] = call.Parsed.GetValue(workers) }, cancellationToken), id, workers);
    }

    private static Command WithReason(string verb, string description)
    {
        var (id, reason) = (JobCommand.Id(), new Option<string?>("--reason") { Description = "Why, for the job's events." });
        return ApiCommand.Create(verb, description, (call, cancellationToken) =>
            SendAsync(call, call.Parsed.GetRequiredValue(id), verb, call.Parsed.GetValue(reason) is { } why ? new JsonObject { ["reason"] = why } : null, cancellationToken), id, reason);
    }

    private static Command Plain(string verb, string description)
    {
        var id = JobCommand.Id();
        return ApiCommand.Create(verb, description, (call, cancellationToken) => SendAsync(call, call.Parsed.GetRequiredValue(id), verb, null, cancellationToken), id);
    }

    private static async Task<int> SendAsync(ApiCall call, string id, string verb, JsonObject? body, CancellationToken cancellationToken)
    {
        using var job = await call.Api.PostAsync(JobCommand.PathOf(id, $":{verb}"), body?.ToJsonString(), null, cancellationToken);
        await call.WriteAsync(job.RootElement, JobText.LineView);
        return 0;
    }
}
