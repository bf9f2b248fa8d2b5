using System.CommandLine;
using System.Text.Json.Nodes;
using InferMesh.Cli.Operator.Jobs;

namespace InferMesh.Cli.Operator.Experiments;

/// <summary><c>infermesh experiment</c>: strategies that serve the same requests at the same time, judged by their outcomes.</summary>
internal static class ExperimentCommand
{
    private const string Path = "/api/v1/experiments";
    private static readonly string[] s_stages = ["running", "stopped", "decided", "promoted", "kept", "demoted", "inconclusive"];

    public static Command Create() => new("experiment", "Compare strategies on live requests: create experiments, watch them, and pause, end or promote them.")
    {
        Begin(),
        Reading.Pages("list", "List experiments by name.", Path, ExperimentViews.Experiment, QueryOption.Repeated("--stage", $"{string.Join(", ", s_stages[..^1])} or {s_stages[^1]}; may be repeated.", null, s_stages)),
        Reading.One("show", "Show one experiment with its outcomes: requests per arm, intervals, and what changed and why.", Name(), PathOf, ExperimentViews.Experiment),
        Change("stop", "End an experiment: what policies say serves again."),
        Change("promote", "Let the winner of an experiment serve, but for a holdback of the control."),
        Change("demote", "Take a promoted winner back: what policies say serves again."),
        Change("pause", "Pause an experiment: all requests get what they would get without it."),
        Change("resume", "End the pause of an experiment: requests are split as before it, and counted on."),
        Delete(),
    };

    private static Command Begin()
    {
        var file = new Option<string>("--file", "-f") { Description = "Experiment as YAML or JSON, with the fields that POST /api/v1/experiments takes.", Required = true, HelpName = "FILE" };
        return ApiCommand.Create("create", "Create an experiment, and begin.", async (call, cancellationToken) =>
        {
            var experiment = JobFile.Read(call.Parsed.GetRequiredValue(file));
            using var created = await call.Api.PostAsync(Path, experiment.ToJsonString(), null, cancellationToken);
            await call.WriteAsync(created.RootElement, ExperimentViews.Line);
            return 0;
        }, file);
    }

    private static Command Change(string verb, string description)
    {
        var (name, reason) = (Name(), new Option<string?>("--reason") { Description = "Why, for the experiment's events.", HelpName = "TEXT" });
        var version = new Option<long?>("--version") { Description = "Only when this is its version; by default whatever it is.", HelpName = "NUMBER" };
        return ApiCommand.Create(verb, description, async (call, cancellationToken) =>
        {
            if (call.Parsed.GetValue(version) is < 1)
                throw new UsageException("--version must be 1 or more");
            var body = call.Parsed.GetValue(reason) is { } why ? new JsonObject { ["reason"] = why } : null;
            using var changed = await call.Api.ChangeAsync(HttpMethod.Post, $"{PathOf(call.Parsed.GetRequiredValue(name))}:{verb}", body?.ToJsonString(), call.Parsed.GetValue(version), cancellationToken);
            await call.WriteAsync(changed.RootElement, ExperimentViews.Line);
            return 0;
        }, name, reason, version);
    }

    private static Command Delete()
    {
        var (name, version) = (Name(), new Option<long?>("--version") { Description = "Delete it only when this is its version; by default whatever it is.", HelpName = "NUMBER" });
        return ApiCommand.Create("delete", "Delete an experiment, running or not; its outcomes are forgotten.", [], async (call, cancellationToken) =>
        {
            var (one, expected) = (call.Parsed.GetRequiredValue(name), call.Parsed.GetValue(version));
            if (expected < 1)
                throw new UsageException("--version must be 1 or more");
            (await call.Api.ChangeAsync(HttpMethod.Delete, PathOf(one), null, expected, cancellationToken)).Dispose();
            await call.Output.WriteLineAsync(Terminal.Clean($"{one}  deleted"));
            return 0;
        }, name, version);
    }

    private static Argument<string> Name() => new("name") { Description = "Name of the experiment." };

    private static string PathOf(string name) => Reading.PathOf(Path, name, "experiment");
}
