using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace InferMesh.ServiceDefaults.Security;

/// <summary>
/// A workload's name, <c>spiffe://trust-domain/path</c>, of the SPIFFE-ID standard: at most 2048 bytes, no port, user, query or fragment; segments of
/// letters, digits, <c>.</c>, <c>-</c> and <c>_</c>, none empty, "." or "..". The trust domain is lower case.
/// </summary>
/// <param name="TrustDomain">Trust domain, such as <c>mesh.example</c>.</param>
/// <param name="Path">Path with its leading slash, such as <c>/ns/prod/sa/silo</c>; "" for the trust domain itself.</param>
public sealed record SpiffeId(string TrustDomain, string Path)
{
    private const string Scheme = "spiffe://";
    private const int MaxLength = 2048;
    private const int MaxDomainLength = 255;
    private const string SubjectAlternativeNames = "2.5.29.17";

    // GeneralName ::= [6] uniformResourceIdentifier (RFC 5280, 4.2.1.6).
    private static readonly Asn1Tag UriName = new(TagClass.ContextSpecific, 6);

    /// <inheritdoc />
    public override string ToString() => Scheme + TrustDomain + Path;

    /// <summary>Value of a segment after its label: <c>Segment("sa")</c> of <c>/ns/prod/sa/silo</c> is <c>silo</c>; null when there is none.</summary>
    public string? Segment(string label)
    {
        var segments = Path.Split('/');
        for (var i = 1; i + 1 < segments.Length; i += 2)
        {
            if (segments[i] == label) return segments[i + 1];
        }
        return null;
    }

    /// <summary>Reads an id; false when it is none.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SpiffeId? id)
    {
        id = null;
        if (text is null || text.Length > MaxLength || !text.StartsWith(Scheme, StringComparison.Ordinal)) return false;
        var rest = text[Scheme.Length..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var domain = slash < 0 ? rest : rest[..slash];
        var path = slash < 0 ? "" : rest[slash..];
        if (domain.Length is 0 or > MaxDomainLength || !domain.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_')) return false;
        if (path.Length > 0 && !path[1..].Split('/').All(IsSegment)) return false;
        id = new(domain, path);
        return true;
    }

    /// <summary>
    /// The id of a certificate (X.509-SVID); null when it has none or more than one URI name, as the standard says such a certificate must be refused.
    /// </summary>
    public static SpiffeId? Of(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        try
        {
            var uris = certificate.Extensions.Where(e => e.Oid?.Value == SubjectAlternativeNames).SelectMany(e => Uris(e.RawData)).ToList();
            return uris.Count == 1 && TryParse(uris[0], out var id) ? id : null;
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            return null;
        }
    }

    private static List<string> Uris(byte[] names)
    {
        var uris = new List<string>();
        var sequence = new AsnReader(names, AsnEncodingRules.DER).ReadSequence();
        while (sequence.HasData)
        {
            if (sequence.PeekTag().HasSameClassAndValue(UriName)) uris.Add(sequence.ReadCharacterString(UniversalTagNumber.IA5String, UriName));
            else sequence.ReadEncodedValue();
        }
        return uris;
    }

    private static bool IsSegment(string segment) =>
        segment.Length > 0 && segment is not ("." or "..") && segment.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
