using InferMesh.Simulator.Calibration;
using InferMesh.Simulator.Service;
using InferMesh.Tests.Unit.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator.Calibration;

[TestClass]
public sealed class EngineProfilesTests
{
    [TestMethod]
    public void KvBytesPerToken_ShippedModels_AreExact()
    {
        Assert.AreEqual(131_072, ModelShape.Llama8B.KvBytesPerToken);
        Assert.AreEqual(262_144, ModelShape.Qwen32B.KvBytesPerToken);
        Assert.AreEqual(327_680, ModelShape.Llama70B.KvBytesPerToken);
    }

    [TestMethod]
    public void KvBlocks_Rtx4090_AreWhatVllmReports() =>
        Assert.AreEqual(2588, Engines.Profile("RTX4090-24G").KvBlocks, 26, "within 1 %");

    [TestMethod]
    public void TryGet_ModelThatDoesNotFit_IsFalse()
    {
        Assert.IsFalse(EngineProfiles.TryGet("H100-80G", "llama-3.1-70b", 1, out _));
        Assert.IsTrue(EngineProfiles.TryGet("h100-80g", "llama-3.1-70b", 4, out _));
    }

    [TestMethod]
    public void Slice_ThreeSevenths_IsSlowerSmallerAndCheaper()
    {
        var whole = Engines.Llama8BOnH100;
        var slice = whole.Slice(3.0 / 7);
        var load = new StepLoad { Decodes = 8, DecodeContext = 8000 };
        Assert.IsGreaterThan(whole.StepTime.Picoseconds(load), slice.StepTime.Picoseconds(load));
        Assert.IsLessThan(whole.KvBlocks, slice.KvBlocks);
        Assert.AreEqual(whole.PricePerHour * 3 / 7, slice.PricePerHour, 1e-9);
    }

    [TestMethod]
    public void Slice_TooSmallForTheWeights_Throws() =>
        Assert.ThrowsExactly<InvalidOperationException>(() => Engines.Llama8BOnH100.Slice(0.125));

    [TestMethod]
    public void ContextSlope_EveryProfile_IsTheDifferenceOfOneToken()
    {
        foreach (var profile in EngineProfiles.All)
        {
            var load = new StepLoad { Decodes = 7, DecodeContext = 12_345 };
            var more = load;
            more.DecodeContext++;
            Assert.AreEqual(
                profile.StepTime.ContextSlopePicoseconds(7), profile.StepTime.Picoseconds(more) - profile.StepTime.Picoseconds(load), profile.Gpu);
        }
    }
}
