using System.Security.Cryptography.X509Certificates;
using InferMesh.ServiceDefaults.Security;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>Certificates that are trusted no more, before they expire: by serial number, as openssl prints it, or by SPIFFE id. Lines that start with # are remarks.</summary>
internal sealed class RevokedList
{
    public static readonly RevokedList Empty = new([], []);
    private readonly HashSet<string> _serials;
    private readonly HashSet<SpiffeId> _ids;

    private RevokedList(HashSet<string> serials, HashSet<SpiffeId> ids) => (_serials, _ids) = (serials, ids);

    /// <summary>Whether the certificate is on the list, by serial or by id.</summary>
    public bool Contains(X509Certificate2 certificate) =>
        _serials.Contains(Serial(certificate.SerialNumber)) || (_ids.Count > 0 && SpiffeId.Of(certificate) is { } id && _ids.Contains(id));

    /// <exception cref="CertificateFileException">A line is neither: a list that is half read would let someone in.</exception>
    public static RevokedList Parse(TlsFile file, string text)
    {
        var (serials, ids) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<SpiffeId>());
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (SpiffeId.TryParse(line, out var id))
                ids.Add(id);
            else if (line.All(c => char.IsAsciiHexDigit(c) || c == ':'))
                serials.Add(Serial(line));
            else
                throw new CertificateFileException(file, $"line {number} must be a serial number in hexadecimal or a SPIFFE id");
        }
        return new(serials, ids);
    }

    private static string Serial(string text) => text.Replace(":", "", StringComparison.Ordinal).TrimStart('0').ToUpperInvariant();
}
