using System.Text.Json;
using System.Text.Json.Nodes;
using InferMesh.Api.Http;

namespace InferMesh.Api.Endpoints.Objects;

/// <summary>Contents in one form, so that two that say the same are the same text: members by name, nothing that is unknown.</summary>
internal static class SpecJson
{
    public static JsonNode Of(object spec) => Sorted(JsonSerializer.SerializeToNode(spec, spec.GetType(), ApiJson.Strict))!;

    /// <summary>Fields in which two contents differ, by path. What stands in lists is compared place by place.</summary>
    public static IReadOnlyList<FieldChangeView> Changes(JsonNode before, JsonNode after)
    {
        var changes = new List<FieldChangeView>();
        Compare("", before, after, changes);
        return changes;
    }

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<FieldChangeView> changes)
    {
        switch (before, after)
        {
            case (JsonObject one, JsonObject other):
                foreach (var name in one.Select(m => m.Key).Union(other.Select(m => m.Key)).Order(StringComparer.Ordinal))
                    Compare(path.Length == 0 ? name : $"{path}.{name}", one[name], other[name], changes);
                break;
            case (JsonArray one, JsonArray other):
                for (var i = 0; i < Math.Max(one.Count, other.Count); i++)
                    Compare($"{path}[{i}]", i < one.Count ? one[i] : null, i < other.Count ? other[i] : null, changes);
                break;
            default:
                if (!JsonNode.DeepEquals(before, after)) changes.Add(new() { Path = path, Before = before?.DeepClone(), After = after?.DeepClone() });
                break;
        }
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(m => m.Key, StringComparer.Ordinal).Where(m => m.Value is not null).Select(m => KeyValuePair.Create(m.Key, Sorted(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
