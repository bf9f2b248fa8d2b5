using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator;

/// <summary><c>infermesh capacity</c>: GPUs that there are for training, and who has them.</summary>
internal static class CapacityCommand
{
    private static readonly string[] NodeColumns = ["NODE", "CELL", "TYPE", "GPUS", "FREE", "TRAINING", "SERVING", "LENT", "LINKS", "JOBS", "CLOSED"];
    private static readonly string[] TenantColumns = ["TENANT", "GPUS", "MOST", "WEIGHT", "USAGE", "WAITING"];

    private static readonly View Shown = View.OfText("capacity", "", Text) with { Name = static _ => "mesh" };

    public static Command Create()
    {
        var watch = new WatchOptions();
        return ApiCommand.Create(
            "capacity", "Show the GPUs that there are for training, and who has them.",
            (call, cancellationToken) => watch.ShowAsync(call, Shown, atLength: true, static (api, cancel) => Reading.ObjectAsync(api, "/api/v1/capacity", cancel), cancellationToken), watch.All);
    }

    private static string Text(JsonElement capacity)
    {
        var text = Terminal.Table(NodeColumns, capacity.Items("nodes").Select(Node));
        if (capacity.Items("tenants").Any())
            text += $"{Environment.NewLine}{Environment.NewLine}{Terminal.Table(TenantColumns, capacity.Items("tenants").Select(Tenant))}";
        var planned = capacity.Time("plannedAt") is { Length: > 0 } at ? $"planned {at} in {capacity.Decimal("planMs")} ms" : "not planned yet";
        var reserved = capacity.Text("reservedFor") is { Length: > 0 } job ? $"; room is kept for {Terminal.Clean(job)}" : "";
        return $"{text}{Environment.NewLine}{Environment.NewLine}{capacity.Text("waiting")} waiting; {planned}{reserved}";
    }

    private static string[] Node(JsonElement node) =>
    [
        node.Text("node"), node.Text("cell"), node.Text("gpuType"), node.Text("gpus"), node.Text("free"), node.Text("training"), node.Text("serving"), node.Text("lent"), Links(node),
        string.Join(',', node.Items("jobs").Select(static job => job.GetString())), node.Text("closed"),
    ];

    /// <summary>What jobs send to other nodes, of what the ports carry, gigabytes per second.</summary>
    private static string Links(JsonElement node)
    {
        static string Giga(double bytes) => (bytes / 1e9).ToString("0.#", CultureInfo.InvariantCulture);
        var claimed = node.TryGetProperty("linkClaimedBytesPerSecond", out var sent) ? sent.GetDouble() : 0;
        return node.TryGetProperty("linkBytesPerSecond", out var rate) ? $"{Giga(claimed)}/{Giga(rate.GetDouble())}" : claimed > 0 ? Giga(claimed) : "-";
    }

    private static string[] Tenant(JsonElement tenant) =>
        [tenant.Text("tenant"), tenant.Text("gpus"), tenant.Text("maxGpus") is { Length: > 0 } max ? max : "-", tenant.Decimal("weight"), tenant.Decimal("usage"), tenant.Text("waiting")];
}
