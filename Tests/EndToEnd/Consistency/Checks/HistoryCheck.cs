namespace InferMesh.Tests.EndToEnd.Consistency.Checks;

/// <summary>Checks the history that an object has of itself: every acknowledged write is in it with its content, nothing else is but writes whose outcome is unknown, and each once.</summary>
internal static class HistoryCheck
{
    public static IReadOnlyList<string> Run(IReadOnlyList<Operation> operations, VersionBook versions)
    {
        var found = new List<string>();
        var stored = versions.Stored;
        for (var i = 1; i < stored.Count; i++)
        {
            if (stored[i].Version != stored[i - 1].Version + 1) found.Add($"after version {stored[i - 1].Version} comes version {stored[i].Version}");
        }
        CheckLost(operations, stored, found);
        foreach (var version in stored) CheckAuthor(version, versions, found);
        foreach (var twice in stored.GroupBy(static v => v.Author).Where(static g => g.Count() > 1))
            found.Add($"one write made versions {string.Join(", ", twice.Select(static v => v.Version))}: {versions.TagOwner(twice.Key)?.ToString() ?? twice.Key}");
        return found;
    }

    private static void CheckLost(IReadOnlyList<Operation> operations, IReadOnlyList<StoredVersion> stored, List<string> found)
    {
        // Older versions than the history keeps are not lost.
        var oldest = stored.Count > 0 ? stored[0].Version : 1;
        var byVersion = stored.GroupBy(static v => v.Version).ToDictionary(static g => g.Key, static g => g.First());
        foreach (var write in operations.Where(o => o is { IsWrite: true, Outcome: Outcome.Ok, Version: not null } && o.Version >= oldest))
        {
            if (!byVersion.TryGetValue(write.Version!.Value, out var kept)) found.Add($"lost: {write} is not in the history, which ends with version {(stored.Count > 0 ? stored[^1].Version : 0)}");
            else if (kept.Author != write.Tag) found.Add($"lost: version {kept.Version} is by {kept.Author}: {write}");
        }
    }

    private static void CheckAuthor(StoredVersion version, VersionBook versions, List<string> found)
    {
        if (versions.TagOwner(version.Author) is not { } writer)
        {
            found.Add($"version {version.Version} is by nobody: {version}");
            return;
        }
        if (writer.Outcome == Outcome.Refused) found.Add($"a refused write has been done: {writer}");
        if (writer.Expected is > 0 and var expected && version.Version != expected + 1) found.Add($"version {version.Version} was written over version {expected}: {writer}");
        if (version.Deleted != (writer.Kind == OperationKind.Delete)) found.Add($"version {version.Version} is {(version.Deleted ? "a" : "no")} deletion: {writer}");
        var wanted = writer.Kind == OperationKind.Rollback ? versions.ContentOf(writer.Source ?? 0) : writer.Tag;
        if (!version.Deleted && wanted is not null && version.Content != wanted) found.Add($"version {version.Version} has the content {version.Content} instead of {wanted}: {writer}");
    }
}
