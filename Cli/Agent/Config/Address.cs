using System.Diagnostics.CodeAnalysis;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Addresses in configuration.</summary>
internal static class Address
{
    private const string ApiSuffix = "/v1";

    /// <summary>Reads an http or https address, or one of HTTP/2 without TLS where that may be; one that carries a password is refused, as it would show up in every log.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Uri? address, out string error, bool mayBeH2c = false)
    {
        address = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var read) || !(read.Scheme is "http" or "https" || (mayBeH2c && read.Scheme == "h2c")) || read.Host.Length == 0)
            error = $"'{text}' must be an http or https address, such as http://127.0.0.1:8000";
        else if (read.UserInfo.Length > 0)
            error = "must not carry a user or password; use bearerTokenFile";
        else if (read.Query.Length > 0 || read.Fragment.Length > 0)
            error = $"'{text}' must not carry a query or fragment";
        else
            (address, error) = (read, "");
        return address is not null;
    }

    /// <summary>The base that requests are appended to: without a trailing slash and without <c>/v1</c>.</summary>
    public static string Root(Uri address)
    {
        var text = address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return text.EndsWith(ApiSuffix, StringComparison.Ordinal) ? text[..^ApiSuffix.Length].TrimEnd('/') : text;
    }
}
