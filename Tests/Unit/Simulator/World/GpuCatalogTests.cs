using InferMesh.Simulator.World;

namespace InferMesh.Tests.Unit.Simulator.World;

[TestClass]
public sealed class GpuCatalogTests
{
    [TestMethod]
    public void All_EveryProfile_MakesABatchThatHoldsAnEightThousandTokenRequest()
    {
        foreach (var profile in GpuCatalog.All)
            Assert.AreEqual(SubmitResult.Accepted, new ContinuousBatch(profile).Submit(new SequenceSpec(1, 8000, 192)), profile.Name);
    }

    [TestMethod]
    public void TryGet_OtherLetterCase_Finds()
    {
        Assert.IsTrue(GpuCatalog.TryGet("h100-80g", out var profile));
        Assert.AreEqual("H100-80G", profile.Name);
    }

    [TestMethod]
    public void TryGet_Unknown_IsFalse() => Assert.IsFalse(GpuCatalog.TryGet("TPU", out _));
}
