using System.CommandLine;
using InferMesh.Adapters.Tls;

namespace InferMesh.Cli;

/// <summary>Options of commands that call an https address: <c>--ca</c>, <c>--cert</c> and <c>--key</c>.</summary>
internal sealed class TlsOptions
{
    private readonly Option<string?> _authorities = new("--ca") { Description = "PEM file of the authorities to trust instead of this machine's.", HelpName = "FILE" };
    private readonly Option<string?> _certificate = new("--cert") { Description = "PEM file of the certificate to show, followed by its chain.", HelpName = "FILE" };
    private readonly Option<string?> _key = new("--key") { Description = "PEM file of its private key; by default it is in the file of --cert.", HelpName = "FILE" };

    public IEnumerable<Option> All => [_authorities, _certificate, _key];

    /// <summary>The files as they are named, unread; null when none is named.</summary>
    public ClientTlsFiles? Named(ParseResult parsed)
    {
        var files = new ClientTlsFiles(parsed.GetValue(_authorities), parsed.GetValue(_certificate), parsed.GetValue(_key));
        return files is { Authorities: null, Certificate: null, Key: null } ? null : files;
    }

    /// <summary>The files; null when none is named.</summary>
    /// <exception cref="UsageException">A file cannot be used, or no address is https.</exception>
    public ClientTlsFiles? Read(ParseResult parsed, bool https)
    {
        if (Named(parsed) is not { } files)
            return null;
        if (!https)
            throw new UsageException("--ca, --cert and --key are for an https address only");
        Check(files, "--ca", "--cert", "--key");
        return files;
    }

    /// <summary>Looks whether the files can be used.</summary>
    /// <param name="files">Files.</param>
    /// <param name="authorities">What errors call the first one.</param>
    /// <param name="certificate">What errors call the second one.</param>
    /// <param name="key">What errors call the third one.</param>
    /// <exception cref="UsageException">One cannot.</exception>
    public static void Check(ClientTlsFiles files, string authorities, string certificate, string key)
    {
        if (files.Certificate is null && files.Key is not null)
            throw new UsageException($"{key} needs {certificate}");
        Try(authorities, files.Authorities, () => new ClientTlsFiles(files.Authorities, null, null).Read());
        Try(certificate, files.Certificate, () => files.Read());
    }

    private static void Try(string option, string? file, Action read)
    {
        if (file is null)
            return;
        try
        {
            read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException or ArgumentException)
        {
            throw new UsageException($"{option}: '{file}' cannot be used: {exception.Message}");
        }
    }
}
