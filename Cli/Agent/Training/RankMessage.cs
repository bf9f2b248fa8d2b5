using System.Text.Json;

namespace InferMesh.Cli.Agent.Training;

/// <summary>What a rank tells its agent, in a line that begins with <c>INFERMESH </c>: that a step is done, or a checkpoint written.</summary>
/// <param name="Step">Step that is done, or that the checkpoint holds.</param>
/// <param name="StepSeconds">How long the step took; null when unknown.</param>
/// <param name="CheckpointRef">Where the checkpoint is; null when it is about a step.</param>
internal sealed record RankMessage(long Step, double? StepSeconds, string? CheckpointRef)
{
    public const string Prefix = "INFERMESH ";
    private const int MaxRef = 2048;

    /// <summary>Reads a line; null for what is no such message, which is a line for the log like any other.</summary>
    public static RankMessage? Read(string line)
    {
        if (!line.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        try
        {
            using var document = JsonDocument.Parse(line.AsMemory(Prefix.Length));
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return null;
            if (Whole(root, "checkpoint") is { } saved)
                return Text(root, "ref") is { Length: > 0 and <= MaxRef } at ? new(saved, null, at) : null;
            return Whole(root, "step") is { } step ? new(step, Seconds(root), null) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static long? Whole(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= 0 ? number : null;

    private static double? Seconds(JsonElement root) =>
        root.TryGetProperty("stepSeconds", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && double.IsFinite(seconds) && seconds >= 0 ? seconds : null;

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
