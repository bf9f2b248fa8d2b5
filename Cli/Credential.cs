namespace InferMesh.Cli;

/// <summary>The key or token with which commands and agents show a mesh who they are. Its text is never shown.</summary>
internal sealed class Credential
{
    public const string KeyVariable = "INFERMESH_API_KEY";
    public const string TokenVariable = "INFERMESH_TOKEN";

    private readonly Func<string> _read;

    private Credential(Func<string> read) => _read = read;

    /// <summary>The text now: a file is read anew, so that a key that was rotated is taken up.</summary>
    public string Text => _read();

    /// <summary>What the environment has; null for nothing.</summary>
    public static Credential? OfEnvironment() => OfEnvironment(Environment.GetEnvironmentVariable);

    /// <summary>What these variables have; null for nothing.</summary>
    public static Credential? OfEnvironment(Func<string, string?> variable) => OfVariable(variable, TokenVariable) ?? OfVariable(variable, KeyVariable);

    /// <summary>What was given by name.</summary>
    /// <param name="source">Where it came from, such as <c>--api-key</c>.</param>
    /// <param name="text">Text.</param>
    /// <exception cref="UsageException">It is none.</exception>
    public static Credential Of(string source, string text)
    {
        var checkedText = Check(source, text);
        return new(() => checkedText);
    }

    /// <summary>What stands in a file.</summary>
    /// <exception cref="UsageException">It cannot be read, or has none.</exception>
    public static Credential OfFile(string source, string file)
    {
        var last = Read(source, file);
        // A file that is being written is empty for a moment: what was there is good until it is there again.
        return new(() =>
        {
            try
            {
                return last = Read(source, file);
            }
            catch (UsageException)
            {
                return last;
            }
        });
    }

    public override string ToString() => nameof(Credential);

    private static Credential? OfVariable(Func<string, string?> variable, string name) => variable(name) is { Length: > 0 } text ? Of(name, text) : null;

    private static string Read(string source, string file)
    {
        try
        {
            return Check($"{source} '{file}'", File.ReadAllText(file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{source}: cannot read '{file}': {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static string Check(string source, string text)
    {
        var key = text.Trim();
        if (key.Length == 0) throw new UsageException($"{source}: the key is empty");
        return key.All(static c => c is > ' ' and <= '~') ? key : throw new UsageException($"{source}: the key must be printable ASCII characters without spaces");
    }
}
