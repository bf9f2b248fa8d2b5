using System.CommandLine;
using System.Text.Json.Nodes;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Cli.Operator.Fleet;

/// <summary>Commands about nodes: what there is, and what is done to them.</summary>
internal static class NodeCommands
{
    private const string Nodes = "/api/v1/nodes";
    private static readonly string[] Health = ["joining", "ready", "suspect", "offline", "cordoned", "draining", "quarantined", "probing", "maintenance"];
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static IEnumerable<Command> Create() => [List(), Describe(), Cordon(), Uncordon(), Drain(), Quarantine(), Maintain(), Remove()];

    private static Command List() => Reading.Pages("list-nodes", "List nodes with health, GPUs and models, by id.", Nodes, NodeViews.View,
        QueryOption.Text("--cell", "Only nodes of this cell."),
        QueryOption.Text("--zone", "Only nodes of this zone."),
        QueryOption.Text("--region", "Only nodes of this region."),
        QueryOption.Repeated("--health", "Only nodes of this health; may be repeated.", null, Health),
        QueryOption.Text("--model", "Only nodes that serve this model."),
        QueryOption.Repeated("--label", "Only nodes that carry this label, KEY=VALUE; may be repeated: all must match."),
        QueryOption.Flag("--synthetic", "true shows simulated nodes alone, false leaves them out."));

    private static Command Describe() => Reading.One("describe-node", "Show one node at length: health, GPUs, runtimes, network, storage.", Id(), static id => PathOf(id), NodeViews.View);

    private static Command Cordon() => WithReason("cordon", "cordon", "Keep new work away from a node; what runs goes on.");

    private static Command Quarantine() => WithReason("quarantine", "quarantine", "Keep new work away from a node that may be faulty, until it is uncordoned.");

    private static Command Maintain() => WithReason("maintain", "maintain", "Keep new work away from a node that is worked on: it may be silent and restart without being taken for faulty.");

    private static Command Uncordon()
    {
        var id = Id();
        return ApiCommand.Create("uncordon", "End a cordon, a drain, a quarantine or a maintenance: the node takes work again.", (call, cancellationToken) =>
            SendAsync(call, call.Parsed.GetRequiredValue(id), "uncordon", null, cancellationToken), id);
    }

    private static Command WithReason(string name, string verb, string description)
    {
        var (id, reason) = (Id(), new Option<string?>("--reason") { Description = "Why, for the node's events; at most 256 characters." });
        return ApiCommand.Create(name, description, (call, cancellationToken) =>
            SendAsync(call, call.Parsed.GetRequiredValue(id), verb, call.Parsed.GetValue(reason) is { } why ? new JsonObject { ["reason"] = why } : null, cancellationToken), id, reason);
    }

    private static Command Drain()
    {
        var id = Id();
        var timeout = new Option<string>("--timeout") { Description = "Time that running work has, 1s to 24h.", DefaultValueFactory = static _ => "5m", HelpName = "DURATION" };
        var force = new Option<bool>("--force") { Description = "Count the drain as done then, even when work still runs." };
        var wait = new Option<bool>("--wait") { Description = "Wait until the drain is done: exit code 0 when it is, 1 when it is not in time." };
        return ApiCommand.Create("drain-node", "Keep new work away from a node and let the running work end.", async (call, cancellationToken) =>
        {
            if (!DurationText.TryParse(call.Parsed.GetValue(timeout)!, out var time) || time < TimeSpan.FromSeconds(1) || time > TimeSpan.FromDays(1))
                throw new UsageException($"--timeout must be a duration from 1s to 24h, such as 5m, not '{call.Parsed.GetValue(timeout)}'");
            var node = call.Parsed.GetRequiredValue(id);
            var body = new JsonObject { ["force"] = call.Parsed.GetValue(force), ["timeoutSeconds"] = (int)time.TotalSeconds };
            await SendAsync(call, node, "drain", body, cancellationToken);
            return call.Parsed.GetValue(wait) ? await DrainedAsync(call, node, cancellationToken) : 0;
        }, id, timeout, force, wait);
    }

    /// <summary>Waits for the end of a drain.</summary>
    private static async Task<int> DrainedAsync(ApiCall call, string id, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var node = await call.Api.GetAsync(PathOf(id), cancellationToken);
            var now = node.RootElement;
            if (now.Text("drained") == "true")
                return 0;
            if (now.Text("health") != "draining")
                throw new CommandFailedException($"{id} is {now.Text("health")} now: its drain was ended");
            if (now.TryGetProperty("drainDeadline", out var by) && by.TryGetDateTimeOffset(out var deadline) && call.Shell.Time.GetUtcNow() > deadline + Pause)
                throw new CommandFailedException($"{id} still has work at the end of its time; --force counts it as drained nevertheless");
            await Task.Delay(Pause, call.Shell.Time, cancellationToken);
        }
    }

    private static Command Remove()
    {
        var (id, force) = (Id(), new Option<bool>("--force") { Description = "Forget it even when it is live; it comes back when it reports again." });
        return ApiCommand.Create("forget-node", "Forget a node that is gone for good.", [], async (call, cancellationToken) =>
        {
            var node = call.Parsed.GetRequiredValue(id);
            await call.Api.DeleteAsync(PathOf(node) + (call.Parsed.GetValue(force) ? "?force=true" : ""), cancellationToken);
            await call.Output.WriteLineAsync(Terminal.Clean($"{node}  forgotten"));
            return 0;
        }, id, force);
    }

    private static async Task<int> SendAsync(ApiCall call, string id, string verb, JsonObject? body, CancellationToken cancellationToken)
    {
        using var node = await call.Api.PostAsync($"{PathOf(id)}:{verb}", body?.ToJsonString(), null, cancellationToken);
        await call.WriteAsync(node.RootElement, NodeViews.Line);
        return 0;
    }

    private static Argument<string> Id() => new("node") { Description = "Id of the node." };

    private static string PathOf(string id) => Reading.PathOf(Nodes, id, "node");
}
