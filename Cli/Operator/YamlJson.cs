using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Operator;

/// <summary>A document of a YAML stream as JSON.</summary>
/// <param name="Line">Where it begins, from 1.</param>
/// <param name="Node">What it holds; null for nothing.</param>
internal readonly record struct YamlDocumentAsJson(long Line, JsonNode? Node);

/// <summary>Reads YAML as the JSON that it stands for.</summary>
internal static class YamlJson
{
    /// <param name="text">YAML, one document or several.</param>
    /// <param name="option">Option that errors name.</param>
    /// <param name="textFields">Fields whose values are texts, whatever they look like: <c>EPOCHS: 3</c> is meant as <c>"3"</c>.</param>
    /// <exception cref="UsageException">Something in it has no form in JSON.</exception>
    /// <exception cref="YamlException">It is no YAML.</exception>
    public static IReadOnlyList<YamlDocumentAsJson> Read(TextReader text, string option, IReadOnlyCollection<string> textFields)
    {
        var yaml = new YamlStream();
        yaml.Load(text);
        return [.. yaml.Documents.Select(document => new YamlDocumentAsJson(document.RootNode.Start.Line, Convert(document.RootNode, asText: false, option, textFields)))];
    }

    /// <summary>Whether a scalar without quotes would be read as something else than its text.</summary>
    public static bool NeedsQuotes(string text) => Plain(text) is not { } value || !value.TryGetValue<string>(out _);

    private static JsonNode? Convert(YamlNode node, bool asText, string option, IReadOnlyCollection<string> textFields) => node switch
    {
        YamlMappingNode map => Object(map, asText, option, textFields),
        YamlSequenceNode list => new JsonArray([.. list.Select(item => Convert(item, asText, option, textFields))]),
        YamlScalarNode { Value: var value, Style: var style } => asText || style != ScalarStyle.Plain ? JsonValue.Create(value ?? "") : Plain(value),
        _ => throw new UsageException($"{option}: line {node.Start.Line} has something that is no value"),
    };

    private static JsonObject Object(YamlMappingNode map, bool asText, string option, IReadOnlyCollection<string> textFields)
    {
        var result = new JsonObject();
        foreach (var (key, value) in map)
        {
            var name = (key as YamlScalarNode)?.Value ?? throw new UsageException($"{option}: line {key.Start.Line} has a key that is no text");
            result[name] = Convert(value, asText || textFields.Contains(name), option, textFields);
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
