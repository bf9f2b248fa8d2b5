using InferMesh.Tests.EndToEnd.Consistency.Checks;
using InferMesh.Tests.EndToEnd.Endurance;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>How many calls were answered, with and without a fault, and how fast.</summary>
internal sealed class Availability(History history)
{
    public void AddTo(RunReport report)
    {
        var operations = history.Operations.OrderBy(static o => o.Completed).ToArray();
        var submissions = history.Submissions.ToArray();
        report.Add("duration", $"{history.Now.TotalSeconds:0} s");
        foreach (var kind in history.Interruptions.CountBy(static i => i.What).OrderBy(static k => k.Key, StringComparer.Ordinal)) report.Add($"faults: {kind.Key}", $"{kind.Value}");
        foreach (var kind in operations.GroupBy(static o => o.Kind).OrderBy(static k => k.Key)) Count(report, $"{kind.Key}".ToLowerInvariant(), [.. kind.Select(static o => o.Outcome)]);
        Count(report, "submit", [.. submissions.Select(static s => s.Outcome)]);
        foreach (var tenant in history.Uses.GroupBy(static u => u.Tenant)) Count(report, tenant.Key, [.. tenant.Select(static u => u.Outcome)]);

        var calls = operations.Select(static o => (o.Invoked, o.Completed, o.Outcome, Read: !o.IsWrite)).Concat(submissions.Select(static s => (s.Invoked, s.Completed, s.Outcome, Read: false))).ToArray();
        foreach (var (name, isRead) in new[] { ("reads", true), ("writes", false) })
        {
            var some = calls.Where(c => c.Read == isRead).ToArray();
            var faulty = some.Where(c => history.Interruptions.Any(i => i.From <= c.Completed && i.To >= c.Invoked)).ToArray();
            report.Add($"{name} answered in all, beside a fault", $"{Share(some.Select(static c => c.Outcome)):P1}, {Share(faulty.Select(static c => c.Outcome)):P1}");
            var times = some.Where(static c => c.Outcome != Outcome.Unknown).Select(static c => (c.Completed - c.Invoked).TotalMilliseconds).Order().ToArray();
            if (times.Length > 0) report.Add($"time of {name} p50, p99, most", $"{times[times.Length / 2]:0} ms, {times[(int)(times.Length * 0.99)]:0} ms, {times[^1]:0} ms");
        }
        report.Add("longest time without an acknowledged write", $"{LongestPause(operations.Where(static o => o is { IsWrite: true, Outcome: Outcome.Ok })).TotalSeconds:0.0} s");
        report.Add("events read", $"{history.Events.Count}");
        report.Forbid("answers that are errors of ours", [.. operations.Where(static o => o.Detail.StartsWith("500", StringComparison.Ordinal) || o.Detail.StartsWith("Internal", StringComparison.Ordinal) || o.Detail.StartsWith("503 ", StringComparison.Ordinal)).Select(static o => o.ToString())]);
    }

    private static void Count(RunReport report, string name, IReadOnlyCollection<Outcome> outcomes) =>
        report.Add($"{name}: ok, refused, unknown", $"{outcomes.Count(static o => o == Outcome.Ok)}, {outcomes.Count(static o => o == Outcome.Refused)}, {outcomes.Count(static o => o == Outcome.Unknown)}");

    private static double Share(IEnumerable<Outcome> outcomes)
    {
        var (all, answered) = (0, 0);
        foreach (var outcome in outcomes)
        {
            all++;
            if (outcome != Outcome.Unknown) answered++;
        }
        return all == 0 ? 1 : (double)answered / all;
    }

    private static TimeSpan LongestPause(IEnumerable<Operation> writes)
    {
        var (last, longest) = (TimeSpan.Zero, TimeSpan.Zero);
        foreach (var write in writes)
        {
            if (write.Completed - last > longest) longest = write.Completed - last;
            last = write.Completed;
        }
        return longest;
    }
}
