using System.Collections.Frozen;

namespace InferMesh.Adapters;

/// <summary>Collects why fields of a reading are absent, so that a null never travels without its reason.</summary>
internal sealed class MissingFields
{
    private readonly SortedDictionary<string, string> _reasons = new(StringComparer.Ordinal);

    /// <summary>The value of a reading that lacks nothing.</summary>
    public static IReadOnlyDictionary<string, string> None { get; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Notes a reason; the first one stays, because later ones tend to be its consequences.</summary>
    public void Add(string field, string reason) => _reasons.TryAdd(field, reason);

    /// <summary>The reason noted for a field; null when there is none.</summary>
    public string? Reason(string field) => _reasons.GetValueOrDefault(field);

    public IReadOnlyDictionary<string, string> ToReadOnly() => _reasons.Count == 0 ? None : _reasons;
}
