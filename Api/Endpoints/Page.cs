namespace InferMesh.Api.Endpoints;

/// <summary>One page of a list.</summary>
internal sealed record Page<T>
{
    /// <summary>Entries, by id.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>Give it as <c>cursor</c> to read on; absent on the last page.</summary>
    public string? NextCursor { get; init; }

    /// <summary>Entries on all pages together.</summary>
    public int Total { get; init; }
}
