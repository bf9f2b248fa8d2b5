using System.CommandLine;

namespace InferMesh.Cli;

/// <summary>Options of commands that sign in: <c>--api-key</c>, <c>--token</c> and <c>--key-file</c>, which exclude each other.</summary>
internal sealed class SignInOptions
{
    private readonly Option<string?> _key = new("--api-key") { Description = $"Key or token to sign in with; others on this machine see it: better a file, or the variable {Credential.KeyVariable}." };
    private readonly Option<string?> _token = new("--token") { Description = $"Token of the identity provider; the variable {Credential.TokenVariable} by default." };
    private readonly Option<string?> _file = new("--key-file", "--token-file") { Description = "File with the key or token.", HelpName = "FILE" };
    private readonly bool _hasToken;

    /// <param name="hasToken">False where the command has a <c>--token</c> of another kind; there <c>--api-key</c> takes both.</param>
    public SignInOptions(bool hasToken = true) => _hasToken = hasToken;

    public IEnumerable<Option> All => _hasToken ? [_key, _token, _file] : [_key, _file];

    /// <summary>What was given on the command line; null for nothing.</summary>
    /// <exception cref="UsageException">More than one was given, or the file cannot be used.</exception>
    public Credential? Read(ParseResult parsed)
    {
        var (key, token, file) = (parsed.GetValue(_key), _hasToken ? parsed.GetValue(_token) : null, parsed.GetValue(_file));
        if (new[] { key, token, file }.Count(static given => given is not null) > 1)
            throw new UsageException("--api-key, --token and --key-file exclude each other: give one");
        return key is not null ? Credential.Of("--api-key", key)
            : token is not null ? Credential.Of("--token", token)
            : file is not null ? Credential.OfFile("--key-file", file)
            : null;
    }
}
