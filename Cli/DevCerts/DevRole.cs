namespace InferMesh.Cli.DevCerts;

/// <summary>Whom a certificate is for.</summary>
/// <param name="FileName">Name of its files, without ending.</param>
/// <param name="Path">Path of its SPIFFE id below the namespace.</param>
internal sealed record DevRole(string FileName, string Path)
{
    public const string Forms = "silo, api, node:ID or user:NAME";
    private const int MaxName = 128;

    /// <summary>Reads <c>silo</c>, <c>api</c>, <c>node:ID</c> or <c>user:NAME</c>.</summary>
    /// <exception cref="UsageException">It is none of them.</exception>
    public static DevRole Parse(string text) => text.Split(':', 2) switch
    {
        ["silo" or "api"] => new(text, $"/sa/{text}"),
        ["node", var id] when IsSegment(id) => new($"node-{id}", $"/sa/agent/node/{id}"),
        ["user", var name] when IsSegment(name) => new($"user-{name}", $"/user/{name}"),
        _ => throw new UsageException($"--role must be {Forms}, with letters, digits, '.', '-' and '_' in a name, not '{text}'"),
    };

    /// <summary>Whether the text can be a segment of a SPIFFE id.</summary>
    public static bool IsSegment(string text) =>
        text.Length is > 0 and <= MaxName && text is not ("." or "..") && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
