namespace InferMesh.Adapters.Tls;

/// <summary>PEM files of a client's TLS.</summary>
/// <param name="Authorities">Whom to trust instead of the machine's authorities; null trusts those.</param>
/// <param name="Certificate">Certificate to show, followed by its chain; null shows none.</param>
/// <param name="Key">Its key; null when it is in the same file.</param>
public sealed record ClientTlsFiles(string? Authorities, string? Certificate, string? Key)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file holds something else, or certificate and key do not belong together.</exception>
    public ClientTls Read() => new(
        Authorities is null ? null : ClientTls.ReadAuthorities(Authorities),
        Certificate is null ? null : ClientTls.ReadCertificate(Certificate, Key))
    {
        Chain = Certificate is null ? null : ClientTls.ReadAuthorities(Certificate),
    };

    /// <summary>Differs when a file was replaced.</summary>
    public string Stamp() => string.Join('|', new[] { Authorities, Certificate, Key }.Select(static file => file is null ? "" : $"{File.GetLastWriteTimeUtc(file).Ticks} {(File.Exists(file) ? new FileInfo(file).Length : 0)}"));
}
