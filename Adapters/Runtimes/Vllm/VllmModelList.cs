using System.Text.Json;

namespace InferMesh.Adapters.Runtimes.Vllm;

/// <summary>One entry of /v1/models.</summary>
/// <param name="Id">Served name.</param>
/// <param name="Parent">Base model of a LoRA adapter; null for a model of its own.</param>
/// <param name="MaxModelLen">Longest context in tokens; null when not stated.</param>
internal sealed record VllmModelEntry(string Id, string? Parent, int? MaxModelLen);

/// <summary>Reads the OpenAI model list with vLLM's additions.</summary>
internal static class VllmModelList
{
    /// <returns>The entries, or null with the reason when the body is no model list.</returns>
    public static IReadOnlyList<VllmModelEntry>? Parse(ReadOnlyMemory<byte> body, out string? error)
    {
        error = null;
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("data", out var data)
                || data.ValueKind != JsonValueKind.Array)
            {
                error = "GET /v1/models: no 'data' list in the answer";
                return null;
            }
            var entries = new List<VllmModelEntry>(data.GetArrayLength());
            foreach (var item in data.EnumerateArray())
            {
                if (Text(item, "id") is not { Length: > 0 } id)
                {
                    error = "GET /v1/models: an entry without 'id'";
                    return null;
                }
                entries.Add(new(id, Text(item, "parent"), Number(item, "max_model_len")));
            }
            return entries;
        }
        catch (JsonException)
        {
            error = "GET /v1/models: the answer is no JSON";
            return null;
        }
    }

    /// <returns>The version of /version's answer, or null.</returns>
    public static string? ParseVersion(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Text(document.RootElement, "version");
        }
        catch (JsonException)
        {
            return null; // some gateways answer any path with a page of their own; a version is a nicety
        }
    }

    private static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Number(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;
}
