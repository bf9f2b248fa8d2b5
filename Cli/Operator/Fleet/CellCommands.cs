using System.CommandLine;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Fleet;

/// <summary>Commands about cells: summaries of the nodes that are near to each other.</summary>
internal static class CellCommands
{
    private const string Cells = "/api/v1/cells";
    private static readonly string[] Healths = ["joining", "ready", "suspect", "offline", "cordoned", "draining", "quarantined", "probing", "maintenance"];

    private static readonly View View = new("cell",
    [
        Column.Of("CELL", "id"), Column.Of("NODES", "nodes.total"), Column.Of("READY", "nodes.ready"), new("NOT READY", static cell => Units.OrUnknown(NotReady(cell))), Column.Of("GPUS", "capacity.gpus"),
        new("VRAM GiB", static cell => Units.GiBOf(cell.Amount("capacity.vramUsedBytes"), cell.Amount("capacity.vramTotalBytes"))), new("LOAD", static cell => Units.Percent(cell.Amount("meanLoad"))),
        new("MODELS", static cell => Units.Number(cell.Items("models").Count())),
        Column.Number("TARGETS", "targets").Wide(), Column.Number("PLACES", "capacity.maxConcurrency").Wide(), Column.Number("PREFILL/S", "capacity.prefillTokensPerSecond").Wide(),
        Column.Number("DECODE/S", "capacity.decodeTokensPerSecond").Wide(), Column.Of("SYNTHETIC", "synthetic").Wide(), Column.Time("BUILT", "builtAt").Wide(),
    ])
    { Name = static cell => cell.Text("id"), Detail = Detail };

    public static IEnumerable<Command> Create() =>
    [
        Reading.List("list-cells", "List cells with their nodes, capacity and load.", Cells, View),
        Reading.One("describe-cell", "Show one cell at length.", new("cell") { Description = "Id of the cell." }, static id => Reading.PathOf(Cells, id, "cell"), View),
    ];

    private static string NotReady(JsonElement cell) => string.Join(", ", Healths.Where(health => health != "ready" && cell.Amount($"nodes.{health}") > 0).Select(health => $"{cell.Path($"nodes.{health}")} {health}"));

    private static string Detail(JsonElement cell) => new FieldText()
        .Add("cell", cell.Text("id"))
        .Add("nodes", $"{cell.Path("nodes.total")}, {cell.Path("nodes.ready")} ready")
        .Add("not ready", NotReady(cell))
        .Add("GPUs", cell.Path("capacity.gpus"))
        .Add("VRAM", $"{Units.GiBOf(cell.Amount("capacity.vramUsedBytes"), cell.Amount("capacity.vramTotalBytes"))} GiB")
        .Add("load", Units.Percent(cell.Amount("meanLoad")))
        .Add("places", Units.Number(cell.Amount("capacity.maxConcurrency")))
        .Add("prefill", $"{Units.Number(cell.Amount("capacity.prefillTokensPerSecond"))} tokens/s")
        .Add("decode", $"{Units.Number(cell.Amount("capacity.decodeTokensPerSecond"))} tokens/s")
        .Add("models", cell.Words("models", ", "))
        .Add("synthetic", cell.Text("synthetic") == "true" ? "yes" : "")
        .Add("built", cell.Time("builtAt"))
        .ToString();
}
