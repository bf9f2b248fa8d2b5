using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Operator.Jobs;

/// <summary>Reads a job from a file. What its fields may be is for the API to say.</summary>
internal static class JobFile
{
    // Fields whose values are texts, whatever they look like: EPOCHS: 3 is meant as "3".
    private static readonly string[] TextFields = ["environment", "command"];

    /// <exception cref="UsageException">The file cannot be read, or is no object.</exception>
    public static JsonObject Read(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            var node = path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? JsonNode.Parse(text) : Yaml(text);
            return node as JsonObject ?? throw new UsageException($"--file: '{path}' must hold one object");
        }
        catch (YamlException exception)
        {
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--file: {path}:{exception.Start.Line}:{exception.Start.Column}: {exception.Message}"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UsageException($"--file: cannot read '{path}': {exception.Message}");
        }
    }

    private static JsonNode? Yaml(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return yaml.Documents.Count == 1 ? Convert(yaml.Documents[0].RootNode, asText: false) : null;
    }

    private static JsonNode? Convert(YamlNode node, bool asText) => node switch
    {
        YamlMappingNode map => Object(map, asText),
        YamlSequenceNode list => new JsonArray([.. list.Select(item => Convert(item, asText))]),
        YamlScalarNode { Value: var value, Style: var style } => asText || style != ScalarStyle.Plain ? JsonValue.Create(value ?? "") : Plain(value),
        _ => throw new UsageException($"--file: line {node.Start.Line} has something that is no value"),
    };

    private static JsonObject Object(YamlMappingNode map, bool asText)
    {
        var result = new JsonObject();
        foreach (var (key, value) in map)
        {
            var name = (key as YamlScalarNode)?.Value ?? throw new UsageException($"--file: line {key.Start.Line} has a key that is no text");
            result[name] = Convert(value, asText || TextFields.Contains(name));
        }

        return result;
    }

    private static JsonValue? Plain(string? value) => value switch
    {
        null or "" or "~" or "null" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ when long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create(value),
    };
}
