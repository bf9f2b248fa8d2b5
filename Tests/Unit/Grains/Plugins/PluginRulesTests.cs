using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Plugins;
using InferMesh.Grains.Policies;

namespace InferMesh.Tests.Unit.Grains.Plugins;

[TestClass]
public sealed class PluginRulesTests
{
    private static readonly MeshPlugin Plugin = new()
    {
        Name = "my_mesh",
        Version = 3,
        Spec = new()
        {
            Versions = [Version("1.1.0", new PluginParameter("tail_weight", "", 0.25, 0, 10, "What it tunes.")), Version("1.0.0")],
            Current = "1.1.0",
            Enabled = true,
        },
    };

    [TestMethod]
    [DataRow("my_mesh", "my_mesh", "")]
    [DataRow("my_mesh@1.2.0", "my_mesh", "1.2.0")]
    [DataRow("my_mesh@1.2.0-rc.1", "my_mesh", "1.2.0-rc.1")]
    public void Reference_OfAPlugin_HasNameAndVersion(string text, string name, string version)
    {
        Assert.AreEqual(new PluginReference(name, version), PluginReference.Of(text));
        Assert.AreEqual(text, PluginReference.Of(text).ToString());
    }

    [TestMethod]
    [DataRow("mesh")]
    [DataRow("hybrid_mesh")]
    [DataRow("My Mesh")]
    [DataRow("my_mesh@")]
    [DataRow("my_mesh@latest")]
    [DataRow("")]
    [DataRow(null)]
    public void Reference_OfTheCatalogueOrOfNothing_IsNone(string? text) => Assert.IsNull(PluginReference.Of(text));

    [TestMethod]
    [DataRow("my_mesh", null, "tail_weight", 1.0)]
    [DataRow("my_mesh@1.1.0", "least_queue", "tail_weight", 1.0)]
    [DataRow("my_mesh@1.0.0", "mesh", null, 0.0)]
    public void Check_OfWhatFits_FindsNothing(string strategy, string? fallback, string? parameter, double value) => Assert.IsEmpty(Check(strategy, fallback, parameter, value));

    [TestMethod]
    [DataRow("my_mesh", null, "tail_weight", 11.0, "routing.parameters.tail_weight")]
    [DataRow("my_mesh@1.0.0", null, "tail_weight", 1.0, "routing.parameters.tail_weight", DisplayName = "not of that version")]
    [DataRow("my_mesh@1.2.0", null, null, 0.0, "routing.strategy", DisplayName = "no such version")]
    [DataRow("my_mesh", "my_mesh", null, 0.0, "routing.fallback", DisplayName = "fallback that is a plugin")]
    [DataRow("mesh", "least_queue", null, 0.0, "routing.fallback", DisplayName = "fallback of the catalogue's")]
    [DataRow("my mesh", null, null, 0.0, "routing.strategy", DisplayName = "no name")]
    public void Check_OfWhatDoesNotFit_NamesTheField(string strategy, string? fallback, string? parameter, double value, string field) =>
        Assert.AreEqual(field, Check(strategy, fallback, parameter, value).Single());

    [TestMethod]
    public void Check_OfAPluginThatIsNotThereOrNotEnabled_SaysSo()
    {
        var spec = new PolicySpec { Kind = PolicyKind.Routing, Routing = new() { Strategy = "my_mesh" } };
        var unknown = PolicyValidator.Check("p", spec).Single();
        Assert.AreEqual("routing.strategy", unknown.Field);
        StringAssert.Contains(unknown.Message, "pushed before a policy names it");
        StringAssert.Contains(PolicyValidator.Check("p", spec, Plugin with { Spec = Plugin.Spec with { Enabled = false } }).Single().Message, "not enabled");
    }

    private static string[] Check(string strategy, string? fallback, string? parameter, double value)
    {
        var parameters = parameter is null ? [] : new Dictionary<string, double> { [parameter] = value };
        var spec = new PolicySpec { Kind = PolicyKind.Routing, Routing = new() { Strategy = strategy, Fallback = fallback, Parameters = parameters } };
        return [.. PolicyValidator.Check("p", spec, PluginReference.Of(strategy) is null ? null : Plugin).Select(e => e.Field)];
    }

    private static PluginVersion Version(string version, params PluginParameter[] parameters) => new() { Version = version, Digest = new('0', 64), Runtime = "wasm", Parameters = parameters };
}
