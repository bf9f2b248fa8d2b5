using System.CommandLine;
using System.Text.Json.Nodes;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Cli.Operator.Models;

/// <summary><c>infermesh load-model</c> and <c>unload-model</c>: which models the mesh keeps loaded, and how often.</summary>
internal static class ModelLoading
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static Command Load()
    {
        var model = ModelCommands.Name();
        var replicas = new Option<int?>("--replicas") { Description = "Replicas, 0 to 4096; 1 by default." };
        var vram = new Option<double?>("--vram-gib") { Description = "Memory of the weights of one replica, gibibytes." };
        var gpus = new Option<int?>("--gpus-per-replica") { Description = "GPUs over which the weights are spread." };
        var source = new Option<string?>("--source") { Description = "Artefact that is given to the runtime." };
        var revision = new Option<string?>("--revision") { Description = "Revision; replicas of another one are replaced." };
        var runtime = new Option<string[]>("--runtime") { Description = "Kind of runtime that may serve it, such as triton; may be repeated.", DefaultValueFactory = static _ => [] };
        var node = new Option<string[]>("--node") { Description = "Node that it is pinned to; may be repeated.", DefaultValueFactory = static _ => [] };
        var label = new Option<string[]>("--label") { Description = "Label that a node must carry, KEY=VALUE; may be repeated.", DefaultValueFactory = static _ => [] };
        var dryRun = new Option<bool>("--dry-run") { Description = "Change nothing: show what would be loaded where." };
        var wait = new Option<string?>("--wait") { Description = "Wait so long for the replicas, such as 10m: exit code 1 when they are not ready by then.", HelpName = "DURATION" };
        return ApiCommand.Create("load-model", "Register a model, or change its registration: the mesh loads it where it fits.", RunAsync, model, replicas, vram, gpus, source, revision, runtime, node, label, dryRun, wait);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            var (parsed, name) = (call.Parsed, call.Parsed.GetRequiredValue(model));
            var patience = parsed.GetValue(wait) is { } text ? DurationText.TryParse(text, out var time) ? time : throw new UsageException($"--wait must be a duration such as 10m, not '{text}'") : (TimeSpan?)null;
            var labels = parsed.GetValue(label)!.Select(Label).ToArray();
            var registration = await ModelRegistration.ReadAsync(call, name, cancellationToken);
            var spec = registration.Spec;
            Set(spec, "replicas", parsed.GetValue(replicas));
            Set(spec, "vramBytes", parsed.GetValue(vram) is { } gib ? (long)(gib * (1 << 30)) : null);
            Set(spec, "gpusPerReplica", parsed.GetValue(gpus));
            Set(spec, "source", parsed.GetValue(source));
            Set(spec, "revision", parsed.GetValue(revision));
            if (parsed.GetValue(runtime) is { Length: > 0 } kinds)
                spec["runtimes"] = new JsonArray([.. kinds.Select(static kind => (JsonNode)kind)]);
            if (parsed.GetValue(node) is { Length: > 0 } nodes)
                registration.Nodes = nodes;
            if (labels.Length > 0)
                spec["labels"] = new JsonObject(labels);
            if (parsed.GetValue(dryRun))
                return await registration.DryRunAsync(cancellationToken);
            await registration.SaveAsync(cancellationToken);
            return patience is { } most ? await ReadyAsync(call, name, most, cancellationToken) : 0;
        }
    }

    public static Command Unload()
    {
        var model = ModelCommands.Name();
        var keep = new Option<bool>("--keep-registration") { Description = "Keep what is registered, with no replicas: load-model --replicas brings it back." };
        return ApiCommand.Create("unload-model", "End the registration of a model: the mesh unloads its replicas wherever an agent may.", async (call, cancellationToken) =>
        {
            var registration = await ModelRegistration.RegisteredAsync(call, call.Parsed.GetRequiredValue(model), cancellationToken);
            if (!call.Parsed.GetValue(keep))
                return await registration.DeleteAsync(cancellationToken);
            registration.Spec["replicas"] = 0;
            registration.Spec.Remove("autoscale");
            return await registration.SaveAsync(cancellationToken);
        }, model, keep);
    }

    private static async Task<int> ReadyAsync(ApiCall call, string name, TimeSpan patience, CancellationToken cancellationToken)
    {
        var end = call.Shell.Time.GetUtcNow() + patience;
        while (true)
        {
            using var model = await call.Api.GetAsync(ModelCommands.PathOf(name), cancellationToken);
            var (ready, wanted) = (model.RootElement.Amount("registration.readyReplicas"), model.RootElement.Amount("registration.spec.replicas"));
            if (ready >= wanted)
                return 0;
            if (call.Shell.Time.GetUtcNow() > end)
                throw new CommandFailedException(Terminal.Clean(FormattableString.Invariant($"{ready ?? 0} of {wanted} replicas of {name} are ready: infermesh describe-model {name} shows why")));
            await Task.Delay(Pause, call.Shell.Time, cancellationToken);
        }
    }

    private static void Set(JsonObject spec, string field, JsonNode? value)
    {
        if (value is not null)
            spec[field] = value;
    }

    private static KeyValuePair<string, JsonNode?> Label(string text) => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
        ? new(text[..at], text[(at + 1)..])
        : throw new UsageException($"--label must be KEY=VALUE, not '{text}'");
}
