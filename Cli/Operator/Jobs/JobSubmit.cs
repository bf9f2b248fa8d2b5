using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace InferMesh.Cli.Operator.Jobs;

/// <summary><c>infermesh job submit</c>: a job from a file, from options, or from both: options win.</summary>
internal static class JobSubmit
{
    public static Command Create()
    {
        var file = new Option<string?>("--file", "-f") { Description = "Job as YAML or JSON, with the fields that POST /api/v1/jobs takes." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Submit nothing: show what would become of the job." };
        var token = new Option<string?>("--token") { Description = "1 to 255 printable ASCII characters: the same token and job may be submitted again, and are one job." };
        var environment = new Option<string[]>("--env") { Description = "Variable of each rank, NAME=value; may be repeated.", DefaultValueFactory = static _ => [] };
        var gpuTypes = new Option<string[]>("--gpu-type") { Description = "GPU type that does, alone or as TYPE=speed; may be repeated.", DefaultValueFactory = static _ => [] };
        var command = new Argument<string[]>("command") { Description = "Program and arguments of each rank, after --.", Arity = ArgumentArity.ZeroOrMore };
        (string Field, Option Option, Func<ParseResult, JsonNode?> Read)[] fields =
        [
            Text("name", "--name", "Name of the job."),
            Text("tenant", "--tenant", "Tenant that it is counted for."),
            Text("project", "--project", "Project within the tenant."),
            Number<int>("priority", "--priority", "0 to 1000: a higher one goes first."),
            Number<int>("workers", "--workers", "Workers wanted."),
            Number<int>("gpusPerWorker", "--gpus", "GPUs of each worker."),
            Number<int>("minWorkers", "--min-workers", "Fewest workers that it can run with."),
            Number<int>("maxWorkers", "--max-workers", "Most workers that it can make use of."),
            Text("requiredDomain", "--required-domain", "All workers must lie in one region, zone, cell, rack, nvlink_island or node."),
            Text("preferredDomain", "--preferred-domain", "All workers should lie in one of these."),
            Text("strategy", "--strategy", "Strategy that places it."),
            Text("checkpointTo", "--checkpoint-to", "Where it keeps checkpoints."),
            Number<double>("checkpointEverySeconds", "--checkpoint-every", "Seconds between two checkpoints that the mesh asks for."),
            Number<double>("expectedSeconds", "--expected-seconds", "Seconds that it is expected to run."),
            Text("image", "--image", "Image that the agents start."),
        ];
        return ApiCommand.Create("submit", "Submit a training job.", RunAsync, [file, dryRun, token, environment, gpuTypes, .. fields.Select(static f => f.Option), command]);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            var parsed = call.Parsed;
            var job = parsed.GetValue(file) is { } path ? JobFile.Read(path) : [];
            foreach (var (field, _, read) in fields)
            {
                if (read(parsed) is { } value)
                    job[field] = value;
            }

            Merge(job, "environment", parsed.GetValue(environment)!.Select(static text => Pair("--env", text, static value => JsonValue.Create(value))));
            Merge(job, "gpuTypes", parsed.GetValue(gpuTypes)!.Select(static text => Pair("--gpu-type", text.Contains('=', StringComparison.Ordinal) ? text : $"{text}=1", Speed)));
            if (parsed.GetValue(command) is { Length: > 0 } words)
                job["command"] = new JsonArray([.. words.Select(static word => JsonValue.Create(word))]);
            if (parsed.GetValue(token) is { } given && (given.Length is 0 or > 255 || given.Any(static c => c is < ' ' or > '~')))
                throw new UsageException("--token must be 1 to 255 printable ASCII characters");

            var dry = parsed.GetValue(dryRun);
            using var answer = await call.Api.PostAsync(JobCommand.Path(dry ? "?dryRun=true" : ""), job.ToJsonString(), parsed.GetValue(token), cancellationToken);
            await call.WriteAsync(answer.RootElement, dry ? JobText.PreviewView : JobText.LineView);
            return 0;
        }
    }

    private static (string, Option, Func<ParseResult, JsonNode?>) Text(string field, string name, string description)
    {
        var option = new Option<string?>(name) { Description = description };
        return (field, option, parsed => parsed.GetValue(option) is { } text ? JsonValue.Create(text) : null);
    }

    private static (string, Option, Func<ParseResult, JsonNode?>) Number<T>(string field, string name, string description)
        where T : struct
    {
        var option = new Option<T?>(name) { Description = description };
        return (field, option, parsed => parsed.GetValue(option) is { } number ? JsonValue.Create(number) : null);
    }

    private static void Merge(JsonObject job, string field, IEnumerable<(string Key, JsonNode? Value)> entries)
    {
        foreach (var (key, value) in entries)
        {
            if (job[field] is not JsonObject map)
                job[field] = map = [];
            map[key] = value;
        }
    }

    private static (string Key, JsonNode? Value) Pair(string option, string text, Func<string, JsonNode?> read) =>
        text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (text[..at], read(text[(at + 1)..])) : throw new UsageException($"{option} must be NAME=value, not '{text}'");

    private static JsonNode? Speed(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var speed) && double.IsFinite(speed)
        ? JsonValue.Create(speed)
        : throw new UsageException($"--gpu-type: '{text}' is not a number");
}
