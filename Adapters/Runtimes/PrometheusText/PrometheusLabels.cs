using System.Collections;

namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>The labels of a sample, in the order of the page; equal when they hold the same pairs in any order. Immutable.</summary>
public sealed class PrometheusLabels : IReadOnlyList<KeyValuePair<string, string>>, IEquatable<PrometheusLabels>
{
    private readonly KeyValuePair<string, string>[] _pairs;

    /// <summary>Creates labels from pairs.</summary>
    /// <param name="pairs">Name and value of each label; names are expected to be distinct.</param>
    public PrometheusLabels(params KeyValuePair<string, string>[] pairs) => _pairs = [.. pairs];

    private PrometheusLabels(KeyValuePair<string, string>[] pairs, bool owned) => _pairs = owned ? pairs : [.. pairs];

    /// <summary>No labels.</summary>
    public static PrometheusLabels Empty { get; } = new([], owned: true);

    /// <inheritdoc/>
    public int Count => _pairs.Length;

    /// <inheritdoc/>
    public KeyValuePair<string, string> this[int index] => _pairs[index];

    /// <summary>The value of a label, or null when the sample does not carry it.</summary>
    /// <param name="name">Name of the label.</param>
    public string? this[string name]
    {
        get
        {
            foreach (var (key, value) in _pairs)
            {
                if (key == name)
                    return value;
            }
            return null;
        }
    }

    /// <summary>One label.</summary>
    /// <param name="name">Name of the label.</param>
    /// <param name="value">Its value.</param>
    public static PrometheusLabels Of(string name, string value) => new([new(name, value)], owned: true);

    /// <summary>True when every pair of <paramref name="subset"/> is among these labels.</summary>
    /// <param name="subset">Pairs to look for; empty is contained in everything.</param>
    public bool Contains(PrometheusLabels subset)
    {
        ArgumentNullException.ThrowIfNull(subset);
        foreach (var (name, value) in subset._pairs)
        {
            if (this[name] != value)
                return false;
        }
        return true;
    }

    /// <summary>These labels without the named one.</summary>
    /// <param name="name">Name of the label to leave out.</param>
    public PrometheusLabels Without(string name) =>
        this[name] is null ? this : new PrometheusLabels(Array.FindAll(_pairs, pair => pair.Key != name), owned: true);

    /// <inheritdoc/>
    public bool Equals(PrometheusLabels? other) => other is not null && (ReferenceEquals(this, other) || (Count == other.Count && Contains(other)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PrometheusLabels);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = 0; // order-free, as equality is
        foreach (var (name, value) in _pairs)
            hash ^= HashCode.Combine(name, value);
        return hash;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, string>>)_pairs).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The labels as <c>{name="value",…}</c>, for messages.</summary>
    public override string ToString() => $"{{{string.Join(',', _pairs.Select(pair => $"{pair.Key}=\"{pair.Value}\""))}}}";

    internal static PrometheusLabels Own(KeyValuePair<string, string>[] pairs) => pairs.Length == 0 ? Empty : new(pairs, owned: true);
}
