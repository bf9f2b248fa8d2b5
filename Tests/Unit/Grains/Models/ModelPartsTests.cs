using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Models;

namespace InferMesh.Tests.Unit.Grains.Models;

[TestClass]
public sealed class ModelPartsTests
{
    [TestMethod]
    public void Validator_Defaults_AreValid() => Assert.IsEmpty(ModelValidator.Check("org/model:tag", new()));

    [TestMethod]
    [DataRow("")]
    [DataRow("/m")]
    [DataRow("m/")]
    [DataRow("m*")]
    [DataRow("m\n")]
    public void Validator_BadName_IsNamed(string name) => Assert.AreEqual("name", ModelValidator.Check(name, new()).Single().Field);

    [TestMethod]
    public void Validator_EverythingWrong_NamesAllAtOnce()
    {
        var spec = new ModelSpec
        {
            Revision = new string('r', 257),
            Quantization = "a\u0001",
            VramBytes = -1,
            KvHeadroom = double.NaN,
            GpusPerReplica = 65,
            Source = "a\nb",
            Runtimes = [""],
            Replicas = -1,
            Nodes = ["-x"],
            Labels = new Dictionary<string, string> { [""] = "" },
            AntiAffinity = (ModelAntiAffinity)9,
            MigProfile = new string('m', 300),
            Adapters = new Dictionary<string, string> { ["m"] = "s3://x", ["y"] = "" },
            Autoscale = new(-1, 5000, 2, 0),
        };
        CollectionAssert.AreEquivalent(
            new[]
            {
                "revision", "quantization", "vramBytes", "kvHeadroom", "gpusPerReplica", "source", "runtimes[0]", "replicas", "nodes[0]", "labels.", "antiAffinity", "migProfile",
                "adapters.m", "adapters.y", "autoscale.minReplicas", "autoscale.maxReplicas", "autoscale.targetLoad", "autoscale.ttftSloMs",
            },
            ModelValidator.Check("m", spec).Select(e => e.Field).ToArray());
    }

    [TestMethod]
    public void ColdStarts_Loads_MoveTheMeanTowardsTheNewest()
    {
        var first = ColdStartHistory.After(null, "H100", 10);
        Assert.AreEqual(new ColdStart("H100", 10, 1), first);
        var second = ColdStartHistory.After(first, "H100", 20);
        Assert.AreEqual(2, second.Loads);
        Assert.AreEqual(13, second.Seconds, 1e-9);
    }

    [TestMethod]
    public void Demand_OfADeletion_WantsNothingForAWhile()
    {
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var model = new MeshModel { Name = "m", Spec = new() { Replicas = 3 }, Deleted = true, ChangedAt = at };
        Assert.AreEqual(0, ModelDemands.Of(model, 3).Replicas);
        Assert.IsTrue(ModelDemands.IsOfInterest(model, at.AddMinutes(9)));
        Assert.IsFalse(ModelDemands.IsOfInterest(model, at.AddMinutes(10)));
        Assert.IsTrue(ModelDemands.IsOfInterest(model with { Deleted = false }, at.AddDays(9)));
    }
}
