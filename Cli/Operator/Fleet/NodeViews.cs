using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Fleet;

/// <summary>Nodes as people read them.</summary>
internal static class NodeViews
{
    private static readonly string[] GpuColumns = ["GPU", "NAME", "MIG", "UTIL", "VRAM GiB", "TEMP", "POWER", "FAULTS"];
    private static readonly string[] ModelColumns = ["RUNTIME", "ENDPOINT", "HEALTHY", "MODEL", "LOADED", "RUNNING", "WAITING", "KV CACHE", "TTFT P95", "TOKENS/S"];
    private static readonly string[] LinkColumns = ["PORT", "LAYER", "STATE", "GB/S", "SENDS", "RECEIVES"];
    private static readonly string[] StorageColumns = ["STORAGE", "KIND", "HEALTHY", "READ MB/S", "WRITE MB/S", "FREE GiB", "ERROR"];

    private static readonly string[] SignalKinds = ["gpus", "runtimes"];

    public static View View { get; } = new("node",
    [
        Column.Of("NODE", "id"), Column.Of("CELL", "cell"), Column.State("HEALTH", "health"), new("GPUS", static node => $"{node.Path("gpus.count")} {node.Path("gpus.name")}".Trim()),
        new("VRAM GiB", static node => Units.GiBOf(node.Amount("gpus.vramUsedBytes"), node.Amount("gpus.vramTotalBytes"))), new("UTIL", static node => Units.Percent(node.Amount("gpus.smUtilization"))), Column.List("MODELS", "models"),
        Column.Of("ZONE", "zone").Wide(), Column.Of("REGION", "region").Wide(), Column.Of("DOMAIN", "failureDomain").Wide(), Column.Number("TEMP", "gpus.maxTemperatureCelsius").Wide(),
        Column.Number("POWER", "gpus.powerWatts").Wide(), Column.Number("RTT MS", "rttMs").Wide(), Column.Time("SAMPLED", "sampledAt").Wide(), Column.Of("SYNTHETIC", "synthetic").Wide(),
        new Column("LABELS", static node => Units.OrUnknown(node.Pairs("labels"))).Wide(),
    ])
    { Name = static node => node.Text("id"), Detail = Detail };

    /// <summary>A node in one line, after something was done to it.</summary>
    public static View Line { get; } = View.OfText("node", "id", static node => Terminal.Clean($"{node.Text("id")}  {Health(node)}"));

    private static string Health(JsonElement node)
    {
        var reason = node.Text("reason") is { Length: > 0 } why ? why : node.Path("quarantine.evidence");
        return node.Text("health") + (reason.Length > 0 ? $" ({reason})" : "");
    }

    private static string Detail(JsonElement node)
    {
        var text = new FieldText()
            .Add("node", node.Text("id"))
            .Add("cell", node.Text("cell"))
            .Add("place", string.Join(", ", new[] { node.Text("region"), node.Text("zone"), node.Text("failureDomain") }.Where(static part => part.Length > 0)))
            .Add("health", Health(node))
            .Add("since", node.Time("healthSince"));
        if (node.Object("quarantine") is { } quarantine)
            text.Add("quarantine", $"{quarantine.Text("kind")} {quarantine.Text("subject")}".Trim() + $", found {quarantine.Time("foundAt")}, {quarantine.Text("times")} times");
        return text
            .Add("drain", node.Time("drainDeadline") is { Length: > 0 } by ? $"{(node.Text("drained") == "true" ? "done" : "under way")}, by {by}" : "")
            .Add("roles", node.Words("roles"))
            .Add("labels", node.Pairs("labels"))
            .Add("synthetic", node.Text("synthetic") == "true" ? "yes" : "")
            .Add("version", node.Text("version"))
            .Add("sampled", node.Time("sampledAt"))
            .Add("signals", Signals(node))
            .Add("round trip", node.Decimal("rttMs") is { Length: > 0 } rtt ? $"{rtt} ms" : "")
            .Table(GpuColumns, node.Items("gpus").Select(Gpu))
            .Table(ModelColumns, node.Items("runtimes").SelectMany(Models))
            .Table(LinkColumns, node.Object("network")?.Items("links").Select(Link) ?? [])
            .Table(StorageColumns, node.Items("storage").Select(Storage))
            .ToString();
    }

    private static string Signals(JsonElement node) => string.Join(", ", SignalKinds
        .Where(kind => node.Find($"signals.{kind}") is not null)
        .Select(kind => $"{kind} {node.Decimal($"signals.{kind}.ageSeconds")} s old, confidence {node.Decimal($"signals.{kind}.confidence")}"));

    private static string[] Gpu(JsonElement gpu)
    {
        var faults = new[]
        {
            gpu.Text("lost") == "true" ? "lost" : "", gpu.Text("lastXid") is { Length: > 0 } xid ? $"xid {xid}" : "", gpu.Amount("eccUncorrectedErrors") > 0 ? $"ecc {gpu.Text("eccUncorrectedErrors")}" : "",
            gpu.Text("thermalThrottled") == "true" ? "thermal" : gpu.Text("throttled") == "true" ? "throttled" : "", gpu.Text("memoryRepairPending") == "true" ? "repair pending" : "",
        };
        return
        [
            gpu.Text("gpuUuid"), gpu.Text("name"), Units.OrUnknown(gpu.Text("migProfile")), Units.Percent(gpu.Amount("smUtilization")), Units.GiBOf(gpu.Amount("vramUsedBytes"), gpu.Amount("vramTotalBytes")),
            Units.Number(gpu.Amount("temperatureCelsius")), Units.Number(gpu.Amount("powerWatts")), Units.OrUnknown(string.Join(", ", faults.Where(static f => f.Length > 0))),
        ];
    }

    private static IEnumerable<string[]> Models(JsonElement runtime)
    {
        string[] head = [runtime.Text("runtime"), runtime.Text("endpoint"), runtime.Text("healthy") == "true" ? "yes" : $"no: {runtime.Text("error")}"];
        JsonElement[] models = [.. runtime.Items("models")];
        return models.Length == 0 ? [[.. head, "-", "-", "-", "-", "-", "-", "-"]] : models.Select(model => (string[])
        [
            .. head, model.Text("model"), model.Text("loaded") == "true" ? "yes" : "no", Units.Number(model.Amount("running")), Units.Number(model.Amount("waiting")), Units.Percent(model.Amount("kvCacheUsage")),
            Units.Number(model.Amount("ttftP95Seconds")), Units.Number(model.Amount("generationTokensPerSecond")),
        ]);
    }

    private static string[] Link(JsonElement link) =>
        [link.Text("port"), link.Text("linkLayer"), link.Text("state"), Scaled(link, "rateBytesPerSecond", 1e9), Scaled(link, "transmitBytesPerSecond", 1e9), Scaled(link, "receiveBytesPerSecond", 1e9)];

    private static string[] Storage(JsonElement storage) =>
    [
        storage.Text("name"), storage.Text("kind"), storage.Text("healthy") == "true" ? "yes" : "no", Scaled(storage, "readBytesPerSecond", 1e6), Scaled(storage, "writeBytesPerSecond", 1e6),
        Units.GiB(storage.Amount("freeBytes")), Units.OrUnknown(storage.Text("error")),
    ];

    private static string Scaled(JsonElement element, string path, double by) => Units.Number(element.Amount(path) / by);
}
