namespace InferMesh.Tests.EndToEnd.Consistency.Checks;

/// <summary>What is known of the versions of one object, from its own history where there is one and else from what clients saw.</summary>
internal sealed class VersionBook
{
    private readonly Dictionary<string, Operation> _byTag;
    private readonly Dictionary<long, string> _contents = [];
    private readonly Dictionary<long, Operation> _writers = [];
    private readonly SortedDictionary<long, Operation?> _deletions = [];

    public VersionBook(IReadOnlyList<Operation> operations, IReadOnlyList<StoredVersion>? history, List<string> found)
    {
        _byTag = operations.Where(static o => o.IsWrite).ToDictionary(static o => o.Tag);
        Stored = history is null ? [] : [.. history.OrderBy(static v => v.Version)];
        foreach (var stored in Stored)
        {
            if (TagOwner(stored.Author) is { } writer) _writers[stored.Version] = writer;
            if (stored.Deleted) _deletions[stored.Version] = TagOwner(stored.Author);
            else _contents[stored.Version] = stored.Content;
        }
        foreach (var write in operations.Where(static o => o is { IsWrite: true, Outcome: Outcome.Ok, Version: not null }))
        {
            _writers.TryAdd(write.Version!.Value, write);
            if (write.Kind == OperationKind.Delete) _deletions.TryAdd(write.Version.Value, write);
        }
        if (history is not null) return;
        // Without a history a deletion whose outcome is unknown may have been done.
        foreach (var open in operations.Where(static o => o is { Kind: OperationKind.Delete, Outcome: Outcome.Unknown, Expected: not null })) _deletions.TryAdd(open.Expected!.Value + 1, open);
        foreach (var seen in operations.Where(static o => o is { Outcome: Outcome.Ok, Version: > 0, Content: not null }))
        {
            if (!_contents.TryAdd(seen.Version!.Value, seen.Content!) && _contents[seen.Version.Value] != seen.Content)
                found.Add($"version {seen.Version} was seen as {_contents[seen.Version.Value]} and as {seen.Content}: {seen}");
        }
    }

    /// <summary>The object's own history, oldest first.</summary>
    public IReadOnlyList<StoredVersion> Stored { get; }

    /// <summary>The write that a content or author names.</summary>
    public Operation? TagOwner(string? tag) => tag is not null && _byTag.TryGetValue(tag, out var owner) ? owner : null;

    public string? ContentOf(long version) => _contents.GetValueOrDefault(version);

    public Operation? WriterOf(long version) => _writers.GetValueOrDefault(version);

    public bool IsDeletion(long version) => Stored.Count > 0 && _deletions.ContainsKey(version);

    /// <summary>Who deleted, from a version on; null for a deletion by somebody unknown.</summary>
    public IEnumerable<Operation?> DeletionsFrom(long version) => _deletions.Where(d => d.Key >= version).Select(static d => d.Value);
}
