using InferMesh.Tests.EndToEnd.Consistency.Checks;
using InferMesh.Tests.EndToEnd.Endurance;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>What must be true of the event log.</summary>
internal static class EventVerdict
{
    private static readonly string[] Written = ["CREATED", "UPDATED"];

    public static void AddTo(RunReport report, History history, EventReader events)
    {
        LoggedEvent[] log = [.. history.Events];
        report.Forbid("gaps in the event log", EventCheck.Gapless(log));
        if (events.Truncations > 0) report.Violations.Add($"the reader of the event log was told {events.Truncations} times that events are gone");
        var missing = EventCheck.Complete(log, [.. history.Operations.Where(static o => o is { IsWrite: true, Outcome: Outcome.Ok, Version: not null }).Select(EventOf), .. Submitted(history)]);
        report.Forbid("changes without exactly one event", missing);
    }

    private static ExpectedEvent EventOf(Operation write)
    {
        var (kind, subject) = write.Key.Split('/') is [var first, var second] ? (first, second) : ("", write.Key);
        var prefix = kind == ObjectCalls.Policies ? "POLICY_" : "TENANT_";
        string[] types = write.Kind == OperationKind.Delete ? [prefix + "DELETED"] : [.. Written.Select(w => prefix + w)];
        return new(types, subject, write.Version);
    }

    private static IEnumerable<ExpectedEvent> Submitted(History history) =>
        history.Submissions.Where(static s => s.Outcome == Outcome.Ok).Select(static s => s.Job!).Distinct().Select(static j => new ExpectedEvent(["JOB_SUBMITTED"], j, null));
}
