using System.Text.Json;
using InferMesh.Simulator.Configuration;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Simulator.Configuration;

/// <summary><c>docs/contracts/sim-config.schema.json</c> is what the types say; set INFERMESH_UPDATE_CONTRACTS=1 to write it anew.</summary>
[TestClass]
public sealed class SimConfigSchemaTests
{
    private const string Committed = "docs/contracts/sim-config.schema.json";

    [TestMethod]
    public void JsonSchema_IsTheCommittedOne()
    {
        var schema = SimConfigYaml.JsonSchema();
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_CONTRACTS") == "1") File.WriteAllText(Path.Combine(Repository.Root, Committed), schema);
        Assert.AreEqual(Repository.Read(Committed).ReplaceLineEndings("\n"), schema, $"The configuration changed. If that is meant, run this test with INFERMESH_UPDATE_CONTRACTS=1 and commit {Committed}.");
    }

    [TestMethod]
    public void JsonSchema_EveryKey_HasADescription()
    {
        using var schema = JsonDocument.Parse(SimConfigYaml.JsonSchema());
        Assert.IsEmpty(Undescribed(schema.RootElement, "$").ToList());
    }

    [TestMethod]
    public void JsonSchema_EveryReference_HasItsDefinition()
    {
        var text = SimConfigYaml.JsonSchema();
        using var schema = JsonDocument.Parse(text);
        var known = schema.RootElement.GetProperty("$defs").EnumerateObject().Select(d => $"#/$defs/{d.Name}").ToHashSet();
        var used = text.Split('"').Where(t => t.StartsWith("#/$defs/", StringComparison.Ordinal)).ToHashSet();
        Assert.IsTrue(used.SetEquals(known), $"{string.Join(' ', used)} / {string.Join(' ', known)}");
    }

    private static IEnumerable<string> Undescribed(JsonElement node, string path)
    {
        if (node.ValueKind == JsonValueKind.Array) return node.EnumerateArray().SelectMany((n, i) => Undescribed(n, $"{path}[{i}]"));
        if (node.ValueKind != JsonValueKind.Object) return [];
        var own = node.TryGetProperty("properties", out var properties) && !path.EndsWith(".if", StringComparison.Ordinal)
            ? properties.EnumerateObject().Where(p => !p.Value.TryGetProperty("description", out var d) || d.GetString() is null or "").Select(p => $"{path}.{p.Name}")
            : [];
        return own.Concat(node.EnumerateObject().SelectMany(p => Undescribed(p.Value, $"{path}.{p.Name}")));
    }
}
