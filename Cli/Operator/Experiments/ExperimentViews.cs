using System.Globalization;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Experiments;

/// <summary>Experiments as people read them.</summary>
internal static class ExperimentViews
{
    private static readonly string[] s_armHeader = ["ARM", "STRATEGY", "SHARE", "REQUESTS", "ERRORS", "FALLBACK", "STOPPED"];
    private static readonly string[] s_metricHeader = ["ARM", "METRIC", "REQUESTS", "CONTROL", "ARM'S", "EFFECT", "INTERVAL"];
    private static readonly string[] s_changeHeader = ["AT", "FROM", "TO", "ARM", "WHY", "BY", "REQUESTS", "EVIDENCE"];

    public static View Experiment { get; } = new("experiment",
    [
        Column.Of("NAME", "name"), new("STAGE", Stage) { IsState = true }, Column.Time("SINCE", "since"), Column.Of("WINNER", "winner"), new("ARMS", static e => string.Join(',', (e.Object("spec") ?? default).Items("arms").Select(static a => $"{a.Text("name")}={a.Text("strategy")}"))),
        Column.Of("PRIMARY", "spec.primary"), Column.Of("VERSION", "version").Wide(), Column.Time("STARTED", "startedAt").Wide(), Column.List("STOPPED", "stoppedArms").Wide(), Column.Of("WARNING", "warning").Wide(),
    ])
    { Detail = Detail };

    /// <summary>An experiment after it was changed.</summary>
    public static View Line { get; } = View.OfText("experiment", "name", static e => Terminal.Clean($"{e.Text("name")}  {Stage(e)}{(e.Text("winner") is { Length: > 0 } winner ? $", winner {winner}" : "")}, version {e.Text("version")}"));

    private static string Stage(JsonElement experiment) => experiment.Text("pausedAt") is { Length: > 0 } ? $"{experiment.Text("stage")}, paused" : experiment.Text("stage");

    private static string Detail(JsonElement experiment)
    {
        var spec = experiment.Object("spec") ?? default;
        var strategies = spec.Items("arms").ToDictionary(static a => a.Text("name"), static a => a.Text("strategy"));
        return new FieldText()
            .Add("name", experiment.Text("name"))
            .Add("stage", $"{experiment.Text("stage")} since {experiment.Time("since")}")
            .Add("paused", experiment.Text("pausedAt") is { Length: > 0 } ? $"since {experiment.Time("pausedAt")}" : "")
            .Add("started", experiment.Time("startedAt"))
            .Add("winner", experiment.Text("winner"))
            .Add("warning", experiment.Text("warning"))
            .Add("description", spec.Text("description"))
            .Add("unit", spec.Text("header") is { Length: > 0 } header ? $"{spec.Text("unit")} {header}" : spec.Text("unit"))
            .Add("models", spec.Words("models"))
            .Add("tenants", spec.Words("tenants"))
            .Add("slo classes", spec.Words("sloClasses"))
            .Add("share", Units.Percent(spec.Amount("share")))
            .Add("primary", spec.Text("primary"))
            .Add("guardrails", string.Join(", ", spec.Items("guardrails").Select(static g => $"{g.Text("metric")} within {g.Text("margin")}")))
            .Add("promotion", spec.Object("promotion") is { } promotion && promotion.Text("auto") == "true" ? "by itself" : "by hand")
            .Add("version", $"{experiment.Text("version")} by {experiment.Text("changedBy")}")
            .Table(s_armHeader, experiment.Items("arms").Select(a => (IReadOnlyList<string>)
                [a.Text("name"), strategies.GetValueOrDefault(a.Text("name"), ""), Units.Percent(a.Amount("share")), a.Text("requests"), a.Text("errors"), a.Text("fallbacks"), a.Text("stopped") == "true" ? "yes" : ""]))
            .Table(s_metricHeader, experiment.Items("comparisons").Select(static c => (IReadOnlyList<string>)
                [c.Text("arm"), c.Text("metric"), (c.Number("controlRequests") + c.Number("armRequests")).ToString(CultureInfo.InvariantCulture), Figure(c, "control"), Figure(c, "value"), Effect(c, "effect"), Interval(c)]))
            .Table(s_changeHeader, experiment.Items("changes").Select(static c => (IReadOnlyList<string>)
                [c.Time("at"), c.Text("from"), c.Text("to"), c.Text("arm"), c.Text("note") is { Length: > 0 } note ? $"{c.Text("reason")}: {note}" : c.Text("reason"), c.Text("actor"), c.Text("requests"), c.Object("evidence") is { } e ? $"{e.Text("metric")} {Effect(e, "effect")} {Interval(e)}" : ""]))
            .ToString();
    }

    private static string Interval(JsonElement comparison) => $"[{Effect(comparison, "low")}, {Effect(comparison, "high")}]";

    private static bool IsRate(JsonElement comparison) => comparison.Text("metric") == "error_rate";

    private static string Effect(JsonElement comparison, string field) => comparison.Amount(field) is not { } effect ? "no end"
        : IsRate(comparison) ? string.Create(CultureInfo.InvariantCulture, $"{effect * 100:+0.00;-0.00;0.00} pp")
        : string.Create(CultureInfo.InvariantCulture, $"{effect * 100:+0.0;-0.0;0.0} %");

    private static string Figure(JsonElement comparison, string field) => comparison.Amount(field) is not { } figure ? "never"
        : IsRate(comparison) ? string.Create(CultureInfo.InvariantCulture, $"{figure * 100:0.##} %")
        : comparison.Text("metric").StartsWith("cost", StringComparison.Ordinal) ? string.Create(CultureInfo.InvariantCulture, $"${figure:0.######}")
        : string.Create(CultureInfo.InvariantCulture, $"{figure * 1000:0.#} ms");
}
