using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Plugins;

/// <summary>Strategies as people read them.</summary>
internal static class StrategyViews
{
    private static readonly string[] ParameterHeader = ["PARAMETER", "UNIT", "DEFAULT", "MIN", "MAX", "DESCRIPTION"];
    private static readonly string[] VersionHeader = ["VERSION", "RUNTIME", "BYTES", "PUSHED", "BY", "DIGEST"];

    public static View Strategy { get; } = new("strategy",
    [
        Column.Of("NAME", "name"), Column.Of("SOURCE", "source"), Column.Of("KIND", "kind"), Column.Of("ENABLED", "enabled"), Column.Of("VERSION", "version"), new("VERSIONS", static s => Units.OrUnknown(string.Join(',', s.Items("versions").Select(static v => v.Text("version"))))),
        Column.Of("PREVIOUS", "previousVersion").Wide(), Column.Time("CHANGED", "changedAt").Wide(), Column.Of("BY", "changedBy").Wide(), Column.Of("DESCRIPTION", "description").Wide(),
    ])
    { Detail = Detail };

    /// <summary>A live strategy beside a shadow strategy.</summary>
    public static View Shadow { get; } = new("shadow",
    [
        Column.Of("STRATEGY", "strategy"), Column.Of("SHADOW", "shadow"), Column.Number("REQUESTS", "requests"), new("SAME", static s => Units.Percent(s.Amount("agreeShare"))),
        new("REGRET", static s => Units.Seconds(s.Amount("regretSeconds"))), new("LOW", static s => Units.Seconds(s.Amount("regretLow"))), new("HIGH", static s => Units.Seconds(s.Amount("regretHigh"))),
        new Column("PRICED", static s => Units.Seconds(s.Amount("pricedSeconds"))).Wide(), Column.Number("SLOPE", "slope").Wide(), new Column("GAP", static s => Units.Seconds(s.Amount("selectionGapSeconds"))).Wide(),
    ])
    { Name = static s => $"{s.Text("strategy")}/{s.Text("shadow")}" };

    /// <summary>A plugin after it was changed.</summary>
    public static View Line { get; } = View.OfText("strategy", "name", static s => Terminal.Clean($"{s.Text("name")}  {(s.Text("enabled") == "true" ? $"version {s.Text("version")} enabled" : "disabled")}"));

    public static View Trial { get; } = View.OfText("strategy", "strategy", TrialText);

    /// <summary>A plugin after a version was pushed.</summary>
    public static View Pushed(string version) => View.OfText("strategy", "name", s => Terminal.Clean($"{s.Text("name")}  version {version} digest {Digest(s, version)}"));

    private static string Digest(JsonElement strategy, string version) => strategy.Items("versions").FirstOrDefault(v => v.Text("version") == version) is { ValueKind: JsonValueKind.Object } found ? found.Text("digest") : "";

    private static string Detail(JsonElement strategy) => new FieldText()
        .Add("name", strategy.Text("name"))
        .Add("source", strategy.Text("source"))
        .Add("kind", strategy.Text("kind"))
        .Add("enabled", strategy.Text("enabled"))
        .Add("version", strategy.Text("version"))
        .Add("previous", strategy.Text("previousVersion"))
        .Add("description", strategy.Text("description"))
        .Add("changed", strategy.Time("changedAt") is { Length: > 0 } at ? $"{at} by {strategy.Text("changedBy")}" : "")
        .Table(VersionHeader, strategy.Items("versions").Select(static v => (IReadOnlyList<string>)[v.Text("version"), v.Text("runtime"), v.Text("archiveBytes"), v.Time("pushedAt"), v.Text("pushedBy"), v.Text("digest")]))
        .Table(ParameterHeader, strategy.Items("parameters").Select(static p => (IReadOnlyList<string>)[p.Text("name"), p.Text("unit"), p.Text("default"), p.Text("min"), p.Text("max"), p.Text("description")]))
        .ToString();

    private static string TrialText(JsonElement trial)
    {
        var outcome = trial.Object("outcome") ?? default;
        return new FieldText()
            .Add("strategy", trial.Text("strategy"))
            .Add("requests", $"{outcome.Text("requests")}, {outcome.Text("changed")} would be decided otherwise")
            .Add("refused", $"{outcome.Text("refusedNow")} now, {outcome.Text("refusedThen")} then")
            .Add("expected", outcome.Amount("meanSecondsNow") is not null ? $"{outcome.Decimal("meanSecondsNow")} s now, {outcome.Decimal("meanSecondsThen")} s then" : "")
            .Add("decision", trial.Amount("decisionMicrosecondsNow") is not null ? $"{trial.Decimal("decisionMicrosecondsNow")} us now, {trial.Decimal("decisionMicrosecondsThen")} us then" : "")
            .Add("failures", trial.Pairs("failures") is { Length: > 0 } failures ? $"{failures} of {trial.Text("calls")} rankings" : $"none of {trial.Text("calls")} rankings")
            .ToString();
    }
}
