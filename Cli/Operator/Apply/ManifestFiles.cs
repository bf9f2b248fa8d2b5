using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;

namespace InferMesh.Cli.Operator.Apply;

/// <summary>A manifest and where it stands.</summary>
/// <param name="Source">File and line, or file and number.</param>
/// <param name="Content">What it says.</param>
internal sealed record ManifestDocument(string Source, JsonObject Content)
{
    public string Kind => Text(Content["kind"]);

    public string Name => Text((Content["metadata"] as JsonObject)?["name"]);

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}

/// <summary>Reads manifests from files, folders and the input. What they may say is for the API to tell.</summary>
internal static class ManifestFiles
{
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    // Values that are texts, whatever they look like.
    private static readonly string[] TextFields = ["name", "environment", "command", "labels", "adapters"];

    /// <summary>All documents, in the order in which they are applied.</summary>
    /// <param name="paths">Files, folders, or <c>-</c> for the input.</param>
    /// <param name="input">The input.</param>
    /// <param name="kind">The only kind that they may be of; null takes all.</param>
    /// <exception cref="UsageException">One cannot be read, there is none, one object is there twice, or one is of another kind.</exception>
    public static IReadOnlyList<ManifestDocument> Read(IReadOnlyList<string> paths, TextReader input, string? kind = null)
    {
        ManifestDocument[] documents = [.. paths.SelectMany(path => path == "-" ? ReadText("stdin", input.ReadToEnd()) : Files(path).SelectMany(static file => ReadFile(file)))];
        if (documents.Length == 0)
            throw new UsageException($"-f: there are no manifests in {string.Join(", ", paths)}");
        if (kind is not null && documents.FirstOrDefault(d => !d.Kind.Equals(kind, StringComparison.OrdinalIgnoreCase)) is { } other)
            throw new UsageException($"-f: {other.Source} is of kind '{other.Kind}', not {kind}: infermesh apply takes all kinds");
        foreach (var same in documents.Where(static d => d.Name.Length > 0).GroupBy(static d => (d.Kind.ToLowerInvariant(), d.Name)).Where(static g => g.Count() > 1))
            throw new UsageException($"-f: {same.First().Kind} '{same.Key.Name}' is in {string.Join(" and in ", same.Select(static d => d.Source))}: name each object once");
        return [.. documents.OrderBy(static d => ObjectKinds.OrderOf(d.Kind))];
    }

    private static IEnumerable<string> Files(string path) => !Directory.Exists(path)
        ? [path]
        : Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(static file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal);

    private static ManifestDocument[] ReadFile(string path)
    {
        try
        {
            return ReadText(path, File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"-f: cannot read '{path}': {exception.Message}");
        }
    }

    private static ManifestDocument[] ReadText(string source, string text)
    {
        try
        {
            return text.AsSpan().TrimStart() is ['{' or '[', ..] && TryJson(source, text) is { } json ? json : Yaml(source, text);
        }
        catch (YamlException exception)
        {
            throw new UsageException(FormattableString.Invariant($"-f: {source}:{exception.Start.Line}:{exception.Start.Column}: {exception.Message}"));
        }
    }

    private static ManifestDocument[] Yaml(string source, string text) =>
        [.. YamlJson.Read(new StringReader(text), $"-f: {source}", TextFields).Where(static d => d.Node is not null).Select(d => Document(FormattableString.Invariant($"{source}:{d.Line}"), d.Node))];

    /// <summary>Null when it is YAML that begins like JSON.</summary>
    private static ManifestDocument[]? TryJson(string source, string text)
    {
        try
        {
            return Json(source, text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>One object or several after each other, a list of them, or a page as the API gives it.</summary>
    private static ManifestDocument[] Json(string source, string text)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { AllowMultipleValues = true });
        var values = new List<JsonNode?>();
        while (reader.Read())
        {
            switch (JsonNode.Parse(ref reader))
            {
                case JsonArray list:
                    values.AddRange(list);
                    break;
                case JsonObject page when !page.ContainsKey("kind") && page["items"] is JsonArray items:
                    values.AddRange(items);
                    break;
                case var value:
                    values.Add(value);
                    break;
            }
        }

        return [.. values.Select((value, i) => Document(FormattableString.Invariant($"{source}#{i + 1}"), value?.DeepClone()))];
    }

    private static ManifestDocument Document(string source, JsonNode? node) => new(source, node as JsonObject ?? throw new UsageException($"-f: {source} is no object: a manifest has apiVersion, kind, metadata and spec"));
}
