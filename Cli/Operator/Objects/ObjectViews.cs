using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Objects;

/// <summary>Policies, endpoints and tenants as people read them: what they are, and their content as YAML.</summary>
internal static class ObjectViews
{
    private static readonly Column[] Changed = [Column.Time("CHANGED", "changedAt"), Column.Of("BY", "changedBy")];

    public static View Policy { get; } = new("policy",
    [
        Column.Of("NAME", "name"), Column.Of("KIND", "spec.kind"), Column.Of("PRIORITY", "spec.priority"), Column.Of("VERSION", "version"), .. Changed, Column.Of("STRATEGY", "spec.routing.strategy").Wide(),
        Column.List("MODELS", "spec.models").Wide(), Column.List("TENANTS", "spec.tenants").Wide(), Column.List("SLO CLASSES", "spec.sloClasses").Wide(), Column.Of("DESCRIPTION", "spec.description").Wide(),
    ])
    { Detail = Detail };

    public static View Endpoint { get; } = new("endpoint",
    [
        Column.Of("NAME", "name"), new("MODELS", static e => string.Join(',', e.Find("spec")?.Items("models").Select(static m => $"{m.Text("model")}={m.Text("weight")}") ?? [])), Column.Of("ENABLED", "spec.enabled"),
        Column.Of("VERSION", "version"), .. Changed, Column.List("ALIASES", "spec.aliases").Wide(), Column.Of("SLO CLASS", "spec.sloClass").Wide(), Column.Of("DESCRIPTION", "spec.description").Wide(),
    ])
    { Detail = Detail };

    public static View Tenant { get; } = new("tenant",
    [
        Column.Of("NAME", "name"), Column.Number("REQUESTS/S", "spec.limits.requestsPerSecond"), Column.Number("CONCURRENT", "spec.limits.concurrentRequests"), Column.Number("TOKENS/MIN", "spec.limits.tokensPerMinute"),
        Column.Number("TOKENS/DAY", "spec.limits.tokensPerDay"), Column.Number("MONEY/DAY", "spec.limits.moneyPerDay"), Column.Number("TRAINING GPUS", "spec.limits.trainingGpus"), Column.Of("VERSION", "version"),
        new Column("PROJECTS", static tenant => Units.Number(tenant.Find("spec")?.Members("projects").Count())).Wide(), Column.Of("DESCRIPTION", "spec.description").Wide(), Changed[0].Wide(), Changed[1].Wide(),
    ])
    { Detail = Detail };

    /// <summary>Versions of a policy or endpoint.</summary>
    public static View History(string kind) => new(kind, [Column.Of("VERSION", "version"), .. Changed, new("ACTION", static version => version.Text("deleted") == "true" ? "deleted" : "written"), Column.Of("DESCRIPTION", "spec.description").Wide()])
    {
        Name = static version => $"{version.Text("name")}@{version.Text("version")}",
    };

    /// <summary>An object after it was changed.</summary>
    public static View Line(string kind) => View.OfText(kind, "name", static item => Terminal.Clean($"{item.Text("name")}  version {item.Text("version")}"));

    private static string Detail(JsonElement item) => new FieldText()
        .Add("name", item.Text("name"))
        .Add("version", item.Text("version"))
        .Add("changed", $"{item.Time("changedAt")} by {item.Text("changedBy")}")
        .Block(item.Object("spec") is { } spec ? YamlText.Of(spec) : "")
        .ToString();
}
