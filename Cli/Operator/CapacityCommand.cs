using System.CommandLine;
using System.Text.Json;

namespace InferMesh.Cli.Operator;

/// <summary><c>infermesh capacity</c>: GPUs that there are for training, and who has them.</summary>
internal static class CapacityCommand
{
    private static readonly string[] NodeColumns = ["NODE", "CELL", "TYPE", "GPUS", "FREE", "TRAINING", "SERVING", "LENT", "JOBS", "CLOSED"];
    private static readonly string[] TenantColumns = ["TENANT", "GPUS", "MOST", "WEIGHT", "USAGE", "WAITING"];

    public static Command Create() => ApiCommand.Create("capacity", "Show the GPUs that there are for training, and who has them.", static async (call, cancellationToken) =>
    {
        using var capacity = await call.Api.GetAsync("/api/v1/capacity", cancellationToken);
        await call.WriteAsync(capacity.RootElement, Text);
        return 0;
    });

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
        node.Text("node"), node.Text("cell"), node.Text("gpuType"), node.Text("gpus"), node.Text("free"), node.Text("training"), node.Text("serving"), node.Text("lent"),
        string.Join(',', node.Items("jobs").Select(static job => job.GetString())), node.Text("closed"),
    ];

    private static string[] Tenant(JsonElement tenant) =>
        [tenant.Text("tenant"), tenant.Text("gpus"), tenant.Text("maxGpus") is { Length: > 0 } max ? max : "-", tenant.Decimal("weight"), tenant.Decimal("usage"), tenant.Text("waiting")];
}
