using System.Text.Json;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>Reads the OpenAI model list, with the additions that vLLM made and others took over: <c>parent</c>, <c>root</c> and <c>max_model_len</c>.</summary>
internal static class OpenAiModelList
{
    public const string Name = "models";

    public static RuntimeDocument Document { get; } = new(Name, "/v1/models");

    /// <summary>The entries; null when the list is not known.</summary>
    /// <param name="documents">The documents of one read.</param>
    /// <param name="add">Adds what a runtime tells in fields of its own; null adds nothing.</param>
    public static IReadOnlyList<ModelEntry>? Read(RuntimeDocuments documents, Func<ModelEntry, JsonElement, ModelEntry>? add = null) =>
        documents.Read(Name, root => Parse(root, add), "no 'data' list of entries with an 'id' in the answer");

    private static List<ModelEntry>? Parse(JsonElement root, Func<ModelEntry, JsonElement, ModelEntry>? add)
    {
        if (root.Get("data") is not { ValueKind: JsonValueKind.Array } data)
            return null;
        var entries = new List<ModelEntry>(data.GetArrayLength());
        foreach (var item in data.EnumerateArray())
        {
            if (item.Text("id") is not { } id)
                return null;
            var entry = new ModelEntry(id) { Parent = item.Text("parent"), MaxModelLen = item.Count("max_model_len") };
            entries.Add(add?.Invoke(entry, item) ?? entry);
        }
        return entries;
    }
}
