namespace InferMesh.Tests.EndToEnd.Consistency.Checks;

/// <summary>An event as a reader got it.</summary>
/// <param name="Id">Position in the log.</param>
/// <param name="Type">Type.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Version">Version that the change wrote; null when it has none.</param>
internal sealed record LoggedEvent(long Id, string Type, string Subject, long? Version);

/// <summary>A change that must have its event.</summary>
/// <param name="Types">Types, any of which will do.</param>
/// <param name="Subject">Subject.</param>
/// <param name="Version">Version written; null when the event has none.</param>
internal sealed record ExpectedEvent(IReadOnlyList<string> Types, string Subject, long? Version);

/// <summary>Checks the log as one reader who always resumed at its cursor got it: ids without a gap, and one event per acknowledged change.</summary>
internal static class EventCheck
{
    public static IReadOnlyList<string> Gapless(IReadOnlyList<LoggedEvent> log)
    {
        var found = new List<string>();
        for (var i = 1; i < log.Count; i++)
        {
            if (log[i].Id != log[i - 1].Id + 1) found.Add($"after event {log[i - 1].Id} came event {log[i].Id}: {log[i]}");
        }
        return found;
    }

    public static IReadOnlyList<string> Complete(IReadOnlyList<LoggedEvent> log, IEnumerable<ExpectedEvent> changes)
    {
        var events = log.ToLookup(static e => (e.Subject, e.Version));
        return
        [
            .. changes.Select(change => (change, count: events[(change.Subject, change.Version)].Count(e => change.Types.Contains(e.Type)))).Where(static c => c.count != 1)
                .Select(static c => $"{c.count} events of {c.change.Types[0]} {c.change.Subject} version {c.change.Version}"),
        ];
    }
}
