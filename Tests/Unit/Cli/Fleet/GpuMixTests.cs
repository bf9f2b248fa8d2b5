using InferMesh.Cli.Fleet;

namespace InferMesh.Tests.Unit.Cli.Fleet;

[TestClass]
public sealed class GpuMixTests
{
    [TestMethod]
    public void Spread_DefaultMixOverEight_HasTheMixAndNoLongRuns()
    {
        Assert.IsTrue(GpuMix.TryParse(GpuMix.Default, out var mix, out _));
        var names = mix.Spread(8).Select(static gpu => gpu.Name).ToArray();

        Assert.AreEqual(3, names.Count(static name => name == "H100-80G"));
        Assert.AreEqual(3, names.Count(static name => name == "A100-80G"));
        Assert.AreEqual(2, names.Count(static name => name == "L40S-48G"));
        Assert.HasCount(3, names.Take(4).Distinct().ToArray(), "each cell of four has all types");
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("TPU:1")]
    [DataRow("H100-80G:0")]
    [DataRow("H100-80G:x")]
    public void TryParse_Bad_SaysWhy(string text)
    {
        Assert.IsFalse(GpuMix.TryParse(text, out _, out var error));
        Assert.AreNotEqual("", error);
    }
}
