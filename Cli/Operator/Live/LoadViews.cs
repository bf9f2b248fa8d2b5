using System.Globalization;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Live;

/// <summary>What nodes, cells and models do now, as people read it.</summary>
internal static class LoadViews
{
    private static readonly Column[] Loads =
    [
        new("LOAD", static part => Units.Percent(part.Amount("load"))), Column.Number("RUNNING", "running"), Column.Number("WAITING", "waiting"), Column.Number("PLACES", "maxConcurrency"),
        new("TOKENS/S", static part => Whole(part.Amount("generationTokensPerSecond"))), new("TTFT P95", static part => Milliseconds(part.Amount("ttftP95Seconds"))),
    ];

    private static readonly Column[] Hardware =
    [
        Column.Number("GPUS", "gpus"), new("VRAM GiB", static part => Units.GiBOf(part.Amount("vramUsedBytes"), part.Amount("vramTotalBytes"))), new("UTIL", static part => Units.Percent(part.Amount("smUtilization"))),
        new("TEMP", static part => Whole(part.Amount("maxTemperatureCelsius"))), new("WATTS", static part => Whole(part.Amount("powerWatts"))),
    ];

    /// <summary>Views by what is listed.</summary>
    public static IReadOnlyDictionary<string, View> All { get; } = new Dictionary<string, View>(StringComparer.Ordinal)
    {
        ["nodes"] = new("node", [Column.Of("NODE", "name"), Column.Of("CELL", "cell"), Column.State("HEALTH", "health"), .. Loads, .. Hardware]),
        ["cells"] = new("cell", [Column.Of("CELL", "name"), Column.Number("NODES", "nodes"), .. Loads, .. Hardware]),
        ["models"] = new("model", [Column.Of("MODEL", "name"), Column.Number("NODES", "nodes"), Column.Number("READY", "readyTargets"), Column.Number("REPLICAS", "targets"), .. Loads]),
    };

    /// <summary>A number without decimals.</summary>
    public static string Whole(double? number) => number is { } value ? value.ToString("0", CultureInfo.InvariantCulture) : "-";

    /// <summary>Seconds as milliseconds.</summary>
    public static string Milliseconds(double? seconds) => seconds is { } value ? $"{Whole(value * 1000)} ms" : "-";

    /// <summary>Nodes by health, the ready ones first.</summary>
    public static string Health(JsonElement nodes) => string.Join(", ", nodes.EnumerateObject().Where(static m => m.Name != "total" && m.Value.GetInt64() > 0).OrderByDescending(static m => m.Name == "ready").Select(static m => $"{m.Value} {m.Name}"));
}
