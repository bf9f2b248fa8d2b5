using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>A file that a setting names.</summary>
/// <param name="Setting">Full key of the setting, for messages.</param>
/// <param name="Path">Path of the file.</param>
public sealed record TlsFile(string Setting, string Path);

/// <summary>Files of one use of TLS: who this process is, and whom it trusts.</summary>
/// <param name="Certificate">Certificate, followed by its chain.</param>
/// <param name="Key">Its private key.</param>
/// <param name="Authorities">Authorities of peers; null where peers show no certificate.</param>
/// <param name="Revoked">Certificates that are trusted no more; null for none.</param>
public sealed record CertificateFiles(TlsFile Certificate, TlsFile Key, TlsFile? Authorities, TlsFile? Revoked)
{
    /// <summary>All files as they are now, read once: what is compared is what is parsed.</summary>
    /// <exception cref="CertificateFileException">A file cannot be read.</exception>
    internal CertificateTexts Read() => new(Text(Certificate), Text(Key), Authorities is null ? null : Text(Authorities), Revoked is null ? null : Text(Revoked));

    /// <summary>Makes certificates of the texts.</summary>
    /// <exception cref="CertificateFileException">One of them is broken; the message names the setting, the file and the fault.</exception>
    internal CertificateSet Parse(CertificateTexts texts, DateTimeOffset now)
    {
        var chain = Certificates(Certificate, texts.Certificate);
        var certificate = WithKey(texts);
        if (certificate.NotAfter.ToUniversalTime() <= now)
            throw new CertificateFileException(Certificate, $"it has expired on {certificate.NotAfter.ToUniversalTime():u}");
        var authorities = Authorities is null ? null : Certificates(Authorities, texts.Authorities!);
        return new CertificateSet(certificate, chain, authorities, Revoked is null ? RevokedList.Empty : RevokedList.Parse(Revoked, texts.Revoked!));
    }

    private X509Certificate2 WithKey(CertificateTexts texts)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPem(texts.Certificate, texts.Key);
            if (!OperatingSystem.IsWindows())
                return certificate;
            // Windows' TLS takes no key that is only in memory.
            using (certificate)
                return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CertificateFileException(Key, $"it is not the PEM key, without a password, of the certificate in {Certificate.Path}: {e.Message}");
        }
    }

    private static X509Certificate2Collection Certificates(TlsFile file, string text)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw new CertificateFileException(file, e.Message);
        }
        return certificates.Count > 0 ? certificates : throw new CertificateFileException(file, "there is no PEM certificate in it");
    }

    private static string Text(TlsFile file)
    {
        try
        {
            return File.ReadAllText(file.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CertificateFileException(file, $"it cannot be read: {e.Message}");
        }
    }
}

/// <summary>Contents of the files.</summary>
internal sealed record CertificateTexts(string Certificate, string Key, string? Authorities, string? Revoked)
{
    /// <summary>Differs when any of them does; holds no key.</summary>
    public string Fingerprint => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', Certificate, Key, Authorities, Revoked))));

    public override string ToString() => Fingerprint;
}

/// <summary>A file of certificates is missing or broken.</summary>
public sealed class CertificateFileException : Exception
{
    internal CertificateFileException(TlsFile file, string fault)
        : base($"{file.Setting} = \"{file.Path}\": {fault.ReplaceLineEndings(" ")}")
    {
    }
}
