using System.Globalization;
using InferMesh.Cli.Sim.Report;
using InferMesh.Simulator.Results;
using InferMesh.Strategies.Experiments;
using Spectre.Console;

namespace InferMesh.Cli.Sim.Experiment;

/// <summary>The verdict of an experiment on the terminal: what happened, then every metric with its interval.</summary>
internal static class ExperimentTable
{
    public static void Write(TextWriter output, ExperimentSpec spec, IReadOnlyList<ExperimentResult> results)
    {
        output.WriteLine($"{string.Join(" against ", spec.Arms.Select(static a => $"{a.Strategy} ({a.Name})"))}, by {spec.Primary.Name}; alpha {Words.Digits(spec.Alpha, 3)} (synthetic).");
        foreach (var result in results)
        {
            foreach (var t in result.Transitions) output.WriteLine($"- seed {result.Seed}: {Sentence(spec, result, t)}");
            if (result.Transitions.Count == 0) output.WriteLine($"- seed {result.Seed}: still running after {Words.Count(result.Requests.Sum())} requests");
        }
        var table = new Table().Border(TableBorder.Markdown).AddColumn("seed").AddColumn("arm").AddColumn("metric");
        foreach (var title in new[] { "requests", "control", "arm's", "effect", "interval" }) table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var (result, c) in results.SelectMany(static r => r.Comparisons.Select(c => (r, c))))
        {
            table.AddRow([.. new[]
            {
                result.Seed.ToString(CultureInfo.InvariantCulture), c.Arm, c.Metric.Name, Words.Count(c.ControlRequests + c.ArmRequests), Figure(c.Metric, c.Control), Figure(c.Metric, c.Value),
                Effect(c.Metric, c.Effect), Interval(c),
            }.Select(Markup.Escape)]);
        }
        PlainConsole.Create(output).Write(table);
        foreach (var result in results)
        {
            if (result.Run.Plugin is { FellBack: > 0 } use)
                output.WriteLine($"- seed {result.Seed}: fallbacks of plugins answered {use.FellBack} of all {use.Asked} rankings that plugins were asked for ({string.Join(", ", use.Fallbacks.Select(static f => $"{f.Key} {f.Value}"))}): to that extent the figures are the fallbacks'.");
        }
    }

    private static string Sentence(ExperimentSpec spec, ExperimentResult result, ExperimentTransition t)
    {
        var when = string.Create(CultureInfo.InvariantCulture, $"after {Words.Count(t.Requests)} requests ({(double)t.Requests / spec.TrafficBudget:0.00 %} of the budget, {Seconds(t.AtTicks - result.State.StartedAtTicks)})");
        var what = t.Reason switch
        {
            TransitionReason.Guardrail => $"{t.Arm} is stopped, it breaks a guardrail",
            TransitionReason.Losing => $"{t.Arm} is stopped, it is worse than the control",
            TransitionReason.Winning => $"{t.Arm} wins",
            TransitionReason.NoChallenger => "no challenger is left, the control serves",
            TransitionReason.TrafficBudget => "inconclusive, the traffic budget is used up",
            TransitionReason.MaxDuration => "inconclusive, time is up",
            _ => $"{t.To}",
        };
        return t.Evidence is { } e ? $"{when}: {what}, {e.Metric.Name} {Effect(e.Metric, e.Effect)} {Interval(e)}" : $"{when}: {what}";
    }

    private static string Interval(MetricComparison c) => $"[{Effect(c.Metric, c.Low)}, {Effect(c.Metric, c.High)}]";

    private static string Effect(ExperimentMetric metric, double effect) => !double.IsFinite(effect) ? "no end"
        : metric.IsDifference ? string.Create(CultureInfo.InvariantCulture, $"{effect * 100:+0.00;-0.00;0.00} pp") : string.Create(CultureInfo.InvariantCulture, $"{effect * 100:+0.0;-0.0;0.0} %");

    private static string Figure(ExperimentMetric metric, double value) => !double.IsFinite(value) ? "never" : metric.IsDifference ? Words.Percent(value) : Words.Ms(value * 1000);

    private static string Seconds(long ticks) => Words.Seconds(ticks / (double)TimeSpan.TicksPerSecond);
}
