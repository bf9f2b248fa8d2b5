using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace InferMesh.Tests.EndToEnd.Endurance.Fuzzing;

/// <summary>Bodies: by the schema of the document, its examples, and what becomes of both when they are broken.</summary>
internal sealed class FuzzJson(JsonElement document, FuzzInput input)
{
    private const int MaxDepth = 6;

    /// <summary>A body for an operation, as bytes; null where it takes none and gets none.</summary>
    public byte[]? Body(JsonElement operation)
    {
        if (!operation.TryGetProperty("requestBody", out var request)) return input.Chance(0.1) ? "{}"u8.ToArray() : null;
        var content = request.GetProperty("content").EnumerateObject().First().Value;
        var node = content.TryGetProperty("example", out var example) && input.Chance(0.5) ? JsonNode.Parse(example.GetRawText())
            : content.TryGetProperty("schema", out var schema) ? Value(schema, 0) : new JsonObject();
        var kind = input.Random.Next(10);
        if (kind < 4) return Bytes(node);
        if (kind < 8) return Bytes(Break(node));
        return input.Random.Next(8) switch
        {
            0 => Encoding.UTF8.GetBytes(new string('[', 5000)),
            1 => Encoding.UTF8.GetBytes("{\"model\":\"" + new string('x', 100_000) + "\"}"),
            2 => input.Bytes(512),
            3 => [],
            _ => input.Mutate(Bytes(node)),
        };
    }

    private static byte[] Bytes(JsonNode? node) => Encoding.UTF8.GetBytes(node?.ToJsonString() ?? "null");

    private JsonNode? Value(JsonElement schema, int depth)
    {
        if (schema.TryGetProperty("$ref", out var reference)) return Value(Resolve(reference.GetString()!), depth);
        if (schema.TryGetProperty("oneOf", out var choices)) return Value(input.Pick([.. choices.EnumerateArray().Where(c => !IsNull(c))]), depth);
        if (schema.TryGetProperty("enum", out var values)) return JsonNode.Parse(input.Pick([.. values.EnumerateArray()]).GetRawText());
        switch (TypeOf(schema))
        {
            case "object":
                var result = new JsonObject();
                if (depth > MaxDepth) return result;
                if (schema.TryGetProperty("properties", out var properties))
                {
                    foreach (var property in properties.EnumerateObject().Where(_ => input.Chance(0.5))) result[property.Name] = Value(property.Value, depth + 1);
                }
                if (schema.TryGetProperty("additionalProperties", out var more) && more.ValueKind == JsonValueKind.Object && input.Chance(0.5)) result[input.Text()] = Value(more, depth + 1);
                return result;
            case "array":
                var count = depth > MaxDepth ? 0 : input.Random.Next(0, 4);
                return new JsonArray([.. Enumerable.Range(0, count).Select(_ => schema.TryGetProperty("items", out var items) ? Value(items, depth + 1) : JsonValue.Create(1))]);
            case "boolean":
                return input.Chance(0.5);
            case "integer":
                return input.Chance(0.8) ? input.Random.Next(0, 20) : input.Whole();
            case "number":
                return input.Number();
            default:
                return input.Text() is var text && input.Chance(0.5) ? input.OwnName() : text;
        }
    }

    /// <summary>The same with one place of it replaced, removed, nested or doubled.</summary>
    private JsonNode? Break(JsonNode? node)
    {
        var places = Places(node).ToArray();
        if (places.Length == 0) return Odd();
        var place = input.Pick(places);
        switch (place)
        {
            case JsonObject map when map.Count > 0:
                var key = input.Pick([.. map.Select(p => p.Key)]);
                if (input.Chance(0.2)) map.Remove(key);
                else if (input.Chance(0.2)) map[input.Text()] = Odd();
                else map[key] = Odd();
                break;
            case JsonArray list when list.Count > 0:
                list[input.Random.Next(list.Count)] = Odd();
                break;
            case JsonObject map:
                map[input.Text()] = Odd();
                break;
            case JsonArray list:
                list.Add(Odd());
                break;
        }
        return node;
    }

    private JsonNode? Odd() => input.Random.Next(9) switch
    {
        0 => null,
        1 => new JsonObject(),
        2 => new JsonArray(),
        3 => input.Chance(0.5),
        4 => input.Number(),
        5 => input.Whole(),
        6 => new JsonArray([.. Enumerable.Range(0, input.Random.Next(2000)).Select(i => (JsonNode?)i)]),
        _ => input.Text(),
    };

    private static IEnumerable<JsonNode> Places(JsonNode? node)
    {
        if (node is JsonObject map) return map.Select(p => p.Value).OfType<JsonNode>().SelectMany(Places).Prepend(node);
        return node is JsonArray list ? list.OfType<JsonNode>().SelectMany(Places).Prepend(node) : [];
    }

    private JsonElement Resolve(string reference) => reference.TrimStart('#', '/').Split('/').Aggregate(document, static (at, name) => at.GetProperty(name));

    private static bool IsNull(JsonElement schema) => schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "null";

    private static string TypeOf(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type)) return schema.TryGetProperty("properties", out _) ? "object" : "string";
        return type.ValueKind == JsonValueKind.String ? type.GetString()! : type.EnumerateArray().Select(static t => t.GetString()!).First(static t => t != "null");
    }
}
