namespace InferMesh.Tests.EndToEnd.Consistency.Checks;

/// <summary>
/// Checks what clients saw of one versioned object. Versions put all states into one order; the object is linearizable when that order agrees with real time: whoever begins after another was
/// answered sees the same version or a later one, and nobody sees a version whose writer has not begun. An unknown outcome may have had its effect at any time after it began, once.
/// Sound: it finds nothing in a history that an atomic object could have produced.
/// </summary>
internal static class ObjectCheck
{
    /// <summary>What is wrong; empty when nothing is.</summary>
    /// <param name="operations">All operations on this object.</param>
    /// <param name="history">The object's own history when all was over, in any order; null when it has none or the run goes on.</param>
    /// <param name="goesOn">Operations are under way whose effects others may have seen: that something is gone which nobody is known to have deleted is no finding then.</param>
    public static IReadOnlyList<string> Run(IReadOnlyList<Operation> operations, IReadOnlyList<StoredVersion>? history = null, bool goesOn = false)
    {
        var found = new List<string>();
        var versions = new VersionBook(operations, history, found);
        if (history is not null) found.AddRange(HistoryCheck.Run(operations, versions));
        CheckWinners(operations, found);
        CheckExpectations(operations, found);
        CheckContents(operations, versions, found);
        CheckOrder(operations, versions, goesOn, found);
        return found;
    }

    private static void CheckWinners(IReadOnlyList<Operation> operations, List<string> found)
    {
        foreach (var version in Acknowledged(operations).Where(static o => o.Version is not null).GroupBy(static o => o.Version).Where(static g => g.Count() > 1))
            found.Add($"two winners of version {version.Key}: {string.Join("; ", version)}");
    }

    private static void CheckExpectations(IReadOnlyList<Operation> operations, List<string> found)
    {
        foreach (var write in Acknowledged(operations))
        {
            if (write is { Expected: > 0 and var expected, Version: { } version } && version != expected + 1) found.Add($"a write over version {expected} became version {version}: {write}");
        }
    }

    private static void CheckContents(IReadOnlyList<Operation> operations, VersionBook versions, List<string> found)
    {
        foreach (var seen in operations.Where(static o => o is { Outcome: Outcome.Ok, Kind: OperationKind.Read, Version: > 0 }))
        {
            if (versions.ContentOf(seen.Version!.Value) is { } content && seen.Content != content) found.Add($"version {seen.Version} is {content}, and was read as {seen.Content}: {seen}");
            if (versions.IsDeletion(seen.Version.Value)) found.Add($"a deletion was read as a version: {seen}");
            if (versions.TagOwner(seen.Content) is { Outcome: Outcome.Refused } refused) found.Add($"a refused write was read: {refused}; {seen}");
        }
    }

    private static void CheckOrder(IReadOnlyList<Operation> operations, VersionBook versions, bool goesOn, List<string> found)
    {
        // What was known for certain when an operation began: the latest version of any that was answered before.
        var answered = operations.Where(static o => o is { Version: > 0, Outcome: not Outcome.Unknown }).OrderBy(static o => o.Completed).ToArray();
        var (next, known) = (0, (Operation?)null);
        foreach (var operation in operations.Where(static o => o is { Version: not null, Outcome: not Outcome.Unknown }).OrderBy(static o => o.Invoked))
        {
            for (; next < answered.Length && answered[next].Completed < operation.Invoked; next++)
            {
                if (answered[next].Version > (known?.Version ?? 0)) known = answered[next];
            }
            var version = operation.Version!.Value;
            if (version == Operation.None)
            {
                if (!goesOn && known is not null && !versions.DeletionsFrom(known.Version!.Value).Any(writer => writer is null || writer.Invoked <= operation.Completed))
                    found.Add($"stale: nothing was there after version {known.Version} had been seen, and nobody had deleted it: {known}; {operation}");
                continue;
            }
            var isOwn = operation is { IsWrite: true, Outcome: Outcome.Ok };
            if (known is not null && (isOwn ? version <= known.Version : version < known.Version)) found.Add($"stale: {operation} began after {known} was answered");
            if (!isOwn && versions.WriterOf(version) is { } writer && writer.Invoked > operation.Completed) found.Add($"version {version} was seen before its writer began: {operation}; {writer}");
        }
    }

    private static IEnumerable<Operation> Acknowledged(IEnumerable<Operation> operations) => operations.Where(static o => o is { IsWrite: true, Outcome: Outcome.Ok });
}
