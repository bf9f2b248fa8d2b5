using System.Globalization;
using System.Text;
using InferMesh.Cli.Operator;
using InferMesh.Strategies;
using InferMesh.Strategies.Recording;

namespace InferMesh.Cli.Decisions;

/// <summary>What a replay found, for people.</summary>
internal static class ReplayText
{
    private const int NodesShown = 10;

    public static string Head(RecordingRead read, double seconds) => Text(
        $"{read.Decisions:N0} decisions in {read.Headers.Count} file{(read.Headers.Count == 1 ? "" : "s")} of {read.Recordings} recording{(read.Recordings == 1 ? "" : "s")}{(read.Synthetic ? " (synthetic)" : "")}, {read.Bytes / 1e6:F1} MB, {read.Decisions / Math.Max(1e-9, seconds):N0} decisions/s");

    public static string Again(DecisionReplay replay, IReadOnlyDictionary<Replayable, long> skipped)
    {
        var text = new StringBuilder(Text($"identical, bit for bit: {replay.Identical:N0} of {replay.Replayed:N0}"));
        if (replay.Fallbacks.Count > 0) text.Append(Text($"\nof these by the fallback of a plugin, as recorded: {Reasons(replay.Fallbacks)}"));
        foreach (var (plugin, count) in replay.Missing) text.Append(Text($"\nnot made again: {count:N0}, of plugin {Terminal.Clean(plugin.ToString())} with digest {Terminal.Clean(plugin.Digest)}: give its package with --plugin"));
        foreach (var (why, count) in skipped)
        {
            // Those that the recording names stand there already.
            var left = count - (why == Replayable.Plugin ? replay.Missing.Values.Sum() : 0);
            if (left > 0) text.Append(Text($"\nnot made again: {left:N0}, {Why(why)}"));
        }
        foreach (var d in replay.Differences) text.Append(Text($"\ndecision {d.Number} at {ReplayDecisionsCommand.Time(d.AtTicks)}, {d.Strategy}\n  recorded: {Terminal.Clean(d.Recorded)}\n  replayed: {Terminal.Clean(d.Replayed)}"));
        var more = replay.Replayed - replay.Identical - replay.Differences.Count;
        if (more > 0) text.Append(Text($"\nand {more:N0} more"));
        return text.ToString();
    }

    public static string Compared(Challenger other, DecisionComparison c)
    {
        var (strategy, text) = (other.Name, new StringBuilder());
        text.Append(Text($"{strategy} beside what was recorded, each decision in the state in which it was made:"));
        if (other.Fallbacks.Count > 0) text.Append(Text($"\n  the plugin did not answer, its fallback {StrategyCatalog.DefaultFallback} did: {Reasons(other.Fallbacks)}"));
        text.Append(Text($"\n  another first target: {c.Compared - c.SameFirst:N0} of {c.Compared:N0} ({Share(c.Compared - c.SameFirst, c.Compared)})"));
        text.Append(Text($"\n  another hedge: {c.Compared - c.SameHedge:N0} ({Share(c.Compared - c.SameHedge, c.Compared)})"));
        text.Append(Text($"\n  routed by one of them only: {c.OtherOutcome:N0}; by neither: {c.Refused:N0}"));
        text.Append(Text($"\n  expected cost of the first target, mean: recorded {Mean(c.RecordedSeconds, c):F4} s, {strategy} {Mean(c.RecordedSeconds - c.RegretSeconds, c):F4} s (regret {Mean(c.RegretSeconds, c):+0.0000;-0.0000;0.0000} s)"));
        text.Append(Text($"\n  cheaper in {c.Cheaper.Decisions:N0}: by {c.Cheaper.P50:G3} s (p50), {c.Cheaper.P99:G3} s (p99)"));
        text.Append(Text($"\n  dearer in {c.Dearer.Decisions:N0}: by {c.Dearer.P50:G3} s (p50), {c.Dearer.P99:G3} s (p99)"));
        text.Append(Text($"\n  another one at the same cost in {c.SameCost:N0}"));
        if (c.LacksPrefixes) text.Append(Text($"\nnote: {strategy} goes by the start of prompts, and the recording has none: it is compared as if no prompt began like another"));
        if (c.LacksOutcomes) text.Append(Text($"\nnote: {strategy} learns, and the recording is a sample without what it could learn from: it is compared as it begins"));
        var nodes = c.Picks.OrderByDescending(static p => Math.Abs(p.Value.Recorded - p.Value.Other)).ThenBy(static p => p.Key, StringComparer.Ordinal).Take(NodesShown);
        text.Append("\n\nFirst targets, the nodes that differ most:\n");
        text.Append(Terminal.Table(["NODE", "RECORDED", strategy.ToUpperInvariant()], [.. nodes.Select(n => (IReadOnlyList<string>)[n.Key, Text($"{n.Value.Recorded:N0}"), Text($"{n.Value.Other:N0}")])]).TrimEnd());
        return text.ToString();
    }

    private static string Why(Replayable reason) => reason switch
    {
        Replayable.Plugin => "their strategy is not in this program's catalogue, or of a plugin that the recording does not name",
        Replayable.KvEvents => "their strategy heard KV events, which are not recorded",
        _ => "their strategy learns, and a part of what it had learned is not in the recording",
    };

    private static string Reasons(IReadOnlyDictionary<string, long> counts) => Text($"{counts.Values.Sum():N0} ({string.Join(", ", counts.Select(static c => Text($"{c.Key} {c.Value:N0}")))})");

    private static double Mean(double sum, DecisionComparison c) => c.Compared == 0 ? 0 : sum / c.Compared;

    private static string Share(long part, long whole) => Text($"{(whole == 0 ? 0 : 100.0 * part / whole):F1} %");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
