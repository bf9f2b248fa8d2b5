using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Models;

/// <summary>Models as people read them.</summary>
internal static class ModelViews
{
    private static readonly string[] ReplicaColumns = ["NODE", "CELL", "RUNTIME", "GPU", "HEALTHY", "LOADED", "RUNNING", "WAITING", "KV CACHE", "REVISION"];
    private static readonly string[] StateColumns = ["NODE", "RUNTIME", "STATE", "ERROR"];
    private static readonly string[] ColdStartColumns = ["GPU", "COLD START S", "LOADS"];
    private static readonly string[] PlanColumns = ["NODE", "ACTION", "ENDPOINT"];

    public static View View { get; } = new("model",
    [
        Column.Of("MODEL", "name"), Column.Number("READY", "readyReplicaCount"), Column.Number("REPLICAS", "replicaCount"), Column.Number("WANTED", "registration.desiredReplicas"), Column.Number("RUNNING", "running"),
        Column.Number("WAITING", "waiting"), new("PINNED", static model => Units.OrUnknown(model.Words("registration.spec.nodes"))),
        Column.Of("VERSION", "registration.version").Wide(), Column.List("REVISIONS", "revisions").Wide(), Column.Number("UNPLACED", "registration.unplacedReplicas").Wide(),
        new Column("VRAM GiB", static model => Units.GiB(model.Amount("registration.spec.vramBytes"))).Wide(), Column.Of("SYNTHETIC", "synthetic").Wide(),
    ])
    { Detail = Detail };

    /// <summary>A model after it was changed.</summary>
    public static View Line { get; } = View.OfText("model", "name", static model => Terminal.Clean(model.Find("registration") is null
        ? $"{model.Text("name")}  not registered"
        : $"{model.Text("name")}  version {model.Path("registration.version")}, {model.Path("registration.spec.replicas")} replicas{Pins(model)}"));

    /// <summary>What would be done for a model.</summary>
    public static View Plan { get; } = View.OfText("model", "name", static model => new FieldText()
        .Add("unplaced", model.Path("plan.unplacedReplicas"))
        .Add("because", Reasons(model.Find("plan")))
        .Table(PlanColumns, model.Find("plan")?.Items("actions").Select(static a => (string[])[a.Text("node"), $"{a.Text("action")} {a.Text("adapter")}".Trim(), a.Text("endpoint")]) ?? [])
        .ToString());

    /// <summary>Pins: a model and a node that it is pinned to.</summary>
    public static View Pin { get; } = new("pin", [Column.Of("MODEL", "model"), Column.Of("NODE", "node"), Column.State("STATE", "state"), Column.Of("ERROR", "error").Wide()])
    {
        Name = static pin => $"{pin.Text("model")}@{pin.Text("node")}",
    };

    /// <summary>The pins of models, from the answer of their list.</summary>
    public static IEnumerable<JsonElement> PinsOf(JsonElement models) =>
        from model in models.Items("items")
        from node in model.Find("registration.spec")?.Items("nodes") ?? []
        let there = model.Find("registration")?.Items("states").Where(state => state.Text("node") == node.GetString()).ToArray()
        select JsonSerializer.SerializeToElement(new
        {
            model = model.Text("name"),
            node = node.GetString(),
            state = there is [var first, ..] ? first.Text("state") : "absent",
            error = there is [var failed, ..] && failed.Text("error") is { Length: > 0 } error ? error : null,
        });

    private static string Pins(JsonElement model) => model.Words("registration.spec.nodes", ", ") is { Length: > 0 } nodes ? $", pinned to {nodes}" : "";

    private static string Reasons(JsonElement? of) => string.Join(", ", of?.Members("unplacedReasons").Select(static reason => $"{reason.Name} {reason.Value}") ?? []);

    private static string Detail(JsonElement model)
    {
        var text = new FieldText()
            .Add("model", model.Text("name"))
            .Add("revisions", model.Words("revisions", ", "))
            .Add("replicas", $"{model.Text("replicaCount")}, {model.Text("readyReplicaCount")} ready")
            .Add("requests", $"{Units.Number(model.Amount("running"))} running, {Units.Number(model.Amount("waiting"))} waiting")
            .Add("synthetic", model.Text("synthetic") == "true" ? "yes" : "");
        if (model.Object("registration") is { } registration)
            Registered(text, registration);
        return text
            .Table(ReplicaColumns, model.Items("replicas").Select(static r => (string[])
            [
                r.Text("node"), r.Text("cell"), r.Text("runtime"), Units.OrUnknown(r.Text("gpu")), YesNo(r, "healthy"), YesNo(r, "loaded"), Units.Number(r.Amount("running")), Units.Number(r.Amount("waiting")),
                Units.Percent(r.Amount("kvCacheUsage")), Units.OrUnknown(r.Text("revision")),
            ]))
            .Table(StateColumns, model.Find("registration")?.Items("states").Select(static s => (string[])[s.Text("node"), s.Text("runtime"), s.Text("state"), Units.OrUnknown(s.Text("error"))]) ?? [])
            .Table(ColdStartColumns, model.Find("registration")?.Items("coldStarts").Select(static c => (string[])[Units.OrUnknown(c.Text("gpu")), Units.Number(c.Amount("seconds")), c.Text("loads")]) ?? [])
            .ToString();
    }

    private static void Registered(FieldText text, JsonElement registration)
    {
        var spec = registration.GetProperty("spec");
        text.Add("registered", $"version {registration.Text("version")}, {registration.Time("changedAt")} by {registration.Text("changedBy")}")
            .Add("wanted", $"{registration.Text("desiredReplicas")}, {registration.Text("unplacedReplicas")} without a place")
            .Add("because", Reasons(registration))
            .Add("pinned to", spec.Words("nodes", ", "))
            .Add("labels", spec.Pairs("labels"))
            .Add("runtimes", spec.Words("runtimes", ", "))
            .Add("VRAM", spec.Amount("vramBytes") > 0 ? $"{Units.GiB(spec.Amount("vramBytes"))} GiB on {spec.Text("gpusPerReplica")} GPUs" : "")
            .Add("apart by", spec.Text("antiAffinity"))
            .Add("adapters", spec.Pairs("adapters"));
        if (spec.Object("autoscale") is { } autoscale)
            text.Add("autoscale", $"{autoscale.Text("minReplicas")} to {autoscale.Text("maxReplicas")} at load {autoscale.Decimal("targetLoad")}, now {Units.Number(registration.Amount("autoscale.load"))}");
    }

    private static string YesNo(JsonElement item, string name) => item.Text(name) == "true" ? "yes" : "no";
}
