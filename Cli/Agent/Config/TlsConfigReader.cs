using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using InferMesh.Adapters.Tls;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Reads <c>tls</c>, and the certificates that it names.</summary>
internal static class TlsConfigReader
{
    public static bool IsHttps([NotNullWhen(true)] Uri? address) => address is { Scheme: "https" };

    /// <param name="parent">Group that holds the key.</param>
    /// <param name="folder">Folder that paths are relative to.</param>
    /// <param name="errors">Where errors go.</param>
    /// <param name="https">Whether anything is read over TLS at all.</param>
    public static ClientTls? Read(ConfigSection parent, string folder, ConfigErrors errors, bool https) => Read(parent, folder, errors, https, out _);

    /// <summary>The same, with the files, for who watches them.</summary>
    public static ClientTls? Read(ConfigSection parent, string folder, ConfigErrors errors, bool https, out ClientTlsFiles? files)
    {
        files = null;
        if (!parent.Has("tls"))
            return null;
        if (!https)
            parent.Error("tls", "is for an https address only; remove it, or write the address with https");
        var section = ConfigSection.Open(parent.Node("tls"), parent.Path("tls"), errors, "caFile", "certFile", "keyFile");
        var (authorities, certificate, key) = (Path("caFile"), Path("certFile"), Path("keyFile"));
        if (authorities is null && certificate is null)
            section.Error("caFile", "must be set, or certFile");
        if (key is not null && certificate is null)
            section.Error("keyFile", "needs a certFile");
        files = new(authorities, certificate, key);
        return new ClientTls(
            authorities is null ? null : Load(section, "caFile", () => ClientTls.ReadAuthorities(authorities)),
            certificate is null ? null : Load(section, "certFile", () => ClientTls.ReadCertificate(certificate, key)))
        {
            Chain = certificate is null ? null : Load(section, "certFile", () => ClientTls.ReadAuthorities(certificate)),
        };

        string? Path(string name) => section.Text(name) is { } text ? System.IO.Path.Combine(folder, text) : null;
    }

    private static T? Load<T>(ConfigSection section, string key, Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            section.Error(key, $"'{section.Text(key)}' cannot be used: {exception.Message.ReplaceLineEndings(" ")}");
            return null;
        }
    }
}
