using System.Diagnostics.CodeAnalysis;

namespace InferMesh.ServiceDefaults.Security;

/// <summary>
/// Ids of one trust domain, such as <c>spiffe://mesh.example/ns/*/sa/silo</c>: <c>*</c> stands for one whole segment of the path, and so does <c>{name}</c>, which is remembered. The trust
/// domain has no wildcard: one authority may sign for several, and a name of another domain is another name.
/// </summary>
public sealed class SpiffePattern
{
    private const string Scheme = "spiffe://";
    private const string Any = "*";
    private readonly string _trustDomain;
    private readonly string[] _segments;

    private SpiffePattern(string trustDomain, string[] segments) => (_trustDomain, _segments) = (trustDomain, segments);

    /// <summary>Whether the id is one of these.</summary>
    public bool Matches(SpiffeId id) => Match(id) is not null;

    /// <summary>What the named segments of the id are; null when it is none of these.</summary>
    public IReadOnlyDictionary<string, string>? Match(SpiffeId id)
    {
        ArgumentNullException.ThrowIfNull(id);
        var segments = id.Path.Split('/');
        if (id.TrustDomain != _trustDomain || segments.Length != _segments.Length) return null;
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < segments.Length; i++)
        {
            if (_segments[i] is ['{', .. var name, '}']) named[name] = segments[i];
            else if (_segments[i] != Any && _segments[i] != segments[i]) return null;
        }
        return named;
    }

    /// <inheritdoc />
    public override string ToString() => $"{Scheme}{_trustDomain}{string.Join('/', _segments)}";

    /// <summary>Reads a pattern; false when it is none.</summary>
    /// <param name="text">Text.</param>
    /// <param name="pattern">The pattern.</param>
    /// <param name="names">Names that segments may have, each once.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SpiffePattern? pattern, params ReadOnlySpan<string> names)
    {
        pattern = null;
        if (text is null || !text.StartsWith(Scheme, StringComparison.Ordinal)) return false;
        string[] parts = text[Scheme.Length..].Split('/');
        string[] plain = [.. parts];
        for (var i = 1; i < parts.Length; i++)
        {
            // A pattern is an id once its wildcards are segments like any other.
            if (parts[i] == Any || (parts[i] is ['{', .. var name, '}'] && names.Contains(name) && !parts.AsSpan(0, i).Contains(parts[i]))) plain[i] = "any";
        }
        if (!SpiffeId.TryParse(Scheme + string.Join('/', plain), out var shape)) return false;
        pattern = new(shape.TrustDomain, ["", .. parts[1..]]);
        return true;
    }
}
