namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>One string per distinct text of a page: label names and most values repeat on nearly every line.</summary>
internal sealed class StringPool
{
    private readonly HashSet<string> _strings = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public StringPool() => _lookup = _strings.GetAlternateLookup<ReadOnlySpan<char>>();

    public string Get(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
            return "";
        if (_lookup.TryGetValue(text, out var known))
            return known;
        var added = text.ToString();
        _strings.Add(added);
        return added;
    }
}
