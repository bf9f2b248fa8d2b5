using System.CommandLine;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Operator.Config;

namespace InferMesh.Cli.Operator;

/// <summary>Where an API is, and how a command signs in there.</summary>
/// <param name="Address">Base address.</param>
/// <param name="Credential">Key or token; null for none.</param>
/// <param name="Tls">Certificates; null trusts what this machine trusts and shows none.</param>
internal sealed record ApiTarget(string Address, Credential? Credential, ClientTlsFiles? Tls)
{
    public bool IsHttps => Address.StartsWith("https:", StringComparison.OrdinalIgnoreCase);

    public ApiClient Connect() => new(Address, Credential, Tls?.Read());
}

/// <summary>
/// Options of commands that call the API. What is not given comes from the environment, then from the context, then it is an API on this machine without a key. What a context says of signing in
/// goes to the context's own address and to no other.
/// </summary>
internal sealed class ApiOptions
{
    public const string ApiVariable = "INFERMESH_API";
    public const string ContextVariable = "INFERMESH_CONTEXT";

    private readonly Option<string?> _api = new("--api") { Description = $"Address of the REST API; by default that of {ApiVariable}, of the context, or {ApiClient.DefaultAddress}.", HelpName = "URL" };
    private readonly Option<string?> _context = new("--context") { Description = $"Context to use instead of {ContextVariable} or the current one; infermesh config lists them.", HelpName = "NAME" };
    private readonly SignInOptions _signIn;
    private readonly TlsOptions _tls = new();

    /// <param name="hasToken">False where the command has a <c>--token</c> of another kind.</param>
    public ApiOptions(bool hasToken = true)
    {
        _signIn = new(hasToken);
        _context.CompletionSources.Add(static _ => Names().Select(static name => new System.CommandLine.Completions.CompletionItem(name)));
    }

    public IEnumerable<Option> All => [_api, _context, .. _signIn.All, .. _tls.All];

    /// <exception cref="UsageException">An option, or what it refers to, cannot be used.</exception>
    public ApiTarget Read(ParseResult parsed)
    {
        var shell = Shell.Of(parsed);
        var (address, chosen) = (parsed.GetValue(_api), parsed.GetValue(_context));
        if (address is not null && chosen is not null)
            throw new UsageException("--api and --context exclude each other: give one");
        address ??= chosen is null ? Given(shell, ApiVariable) : null;
        var context = address is null ? ContextOf(shell, chosen) : null;
        var signIn = _signIn.Read(parsed) ?? (chosen is null ? Credential.OfEnvironment(shell.Variable) : null) ?? Stored(context) ?? Credential.OfEnvironment(shell.Variable);
        var target = new ApiTarget(address ?? context?.Api ?? ApiClient.DefaultAddress, signIn, null);
        return target with { Tls = _tls.Read(parsed, target.IsHttps) ?? TlsOf(context) };
    }

    private static MeshContext? ContextOf(Shell shell, string? chosen)
    {
        var config = ConfigFile.Read(shell.Variable);
        return (chosen ?? Given(shell, ContextVariable) ?? config.Current) is { } name ? config.Get(name) : null;
    }

    private static Credential? Stored(MeshContext? context) =>
        context?.ApiKey is { } key ? Credential.Of("apiKey of the context", key)
        : context?.ApiKeyFile is { } file ? Credential.OfFile("apiKeyFile of the context", file)
        : null;

    private static ClientTlsFiles? TlsOf(MeshContext? context)
    {
        if (context?.Tls is not { } files)
            return null;
        TlsOptions.Check(files, "caFile of the context", "certFile of the context", "keyFile of the context");
        return files;
    }

    private static string? Given(Shell shell, string name) => shell.Variable(name) is { Length: > 0 } text ? text : null;

    private static string[] Names()
    {
        try
        {
            return [.. ConfigFile.Read(Environment.GetEnvironmentVariable).Contexts.Keys];
        }
        catch (UsageException)
        {
            return [];
        }
    }
}
