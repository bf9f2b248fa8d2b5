using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;

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

    private static JsonNode? Yaml(string text) => YamlJson.Read(new StringReader(text), "--file", TextFields) is [var job] ? job.Node : null;
}
