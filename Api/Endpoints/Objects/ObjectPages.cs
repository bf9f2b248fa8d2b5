namespace InferMesh.Api.Endpoints.Objects;

/// <summary>Walks through the objects of some kinds, page by page, one kind after the other. What comes and goes meanwhile shifts nothing.</summary>
internal static class ObjectPages
{
    private const int Parallel = 16;

    /// <summary>Whether a text is a place that <see cref="ReadAsync"/> gave.</summary>
    public static bool IsPlace(IReadOnlyList<ISavedKind> kinds, string text) =>
        text.IndexOf('/', StringComparison.Ordinal) is > 0 and var at && kinds.Any(k => k.Name == text[..at] && k.IsPlace(text[(at + 1)..]));

    /// <summary>Reads the objects that come after a place.</summary>
    /// <param name="wanted">Kinds, in their order.</param>
    /// <param name="after">Place where the page before ended; null for the first page.</param>
    /// <param name="limit">Most objects.</param>
    /// <param name="read">Reads one; null when it is gone.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Objects, and the place where the page ended; null when it is the last.</returns>
    public static async Task<(IReadOnlyList<T> Items, string? Next)> ReadAsync<TKind, T>(
        IReadOnlyList<TKind> wanted, string? after, int limit, Func<TKind, string, CancellationToken, Task<T?>> read, CancellationToken cancellationToken)
        where TKind : ISavedKind
        where T : class
    {
        var items = new List<T>();
        var at = after?.IndexOf('/', StringComparison.Ordinal) ?? 0;
        var (kindBefore, placeBefore) = after is null ? (wanted[0].Name, "") : (after[..at], after[(at + 1)..]);
        var first = Math.Max(0, wanted.Index().FirstOrDefault(k => k.Item.Name == kindBefore).Index);
        for (var i = first; i < wanted.Count; i++)
        {
            var place = i == first ? placeBefore : "";
            var most = Math.Min(limit - items.Count, wanted[i].MostPerPage);
            var full = items.Count + most;
            while (true)
            {
                var page = await wanted[i].KeysAsync(place, full - items.Count, cancellationToken);
                var found = new T?[page.Keys.Count];
                var (kind, options) = (wanted[i], new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken });
                await System.Threading.Tasks.Parallel.ForAsync(0, found.Length, options, async (n, cancel) => found[n] = await read(kind, page.Keys[n], cancel));
                items.AddRange(found.OfType<T>());
                if (page.Keys.Count > 0) place = page.End;
                if (items.Count >= full) return (items, page.More || i + 1 < wanted.Count ? $"{kind.Name}/{place}" : null);
                if (!page.More || page.Keys.Count == 0) break;
            }
        }
        return (items, null);
    }
}
