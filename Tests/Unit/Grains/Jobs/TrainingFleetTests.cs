using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Jobs;
using InferMesh.Strategies.Training;

namespace InferMesh.Tests.Unit.Grains.Jobs;

[TestClass]
public sealed class TrainingFleetTests
{
    [TestMethod]
    public void Fabric_LinksToThemselves_AreAsFastAsTheSlowestPort()
    {
        var fleet = new TrainingFleet([Node("n1", 5e10), Node("n2", 2.5e10), Node("n3", null)], []);
        Assert.AreEqual(1 / 2.5e10, Between(fleet.Fabric(["n1", "n2", "n3"], "a")), 1e-20);
        Assert.AreEqual(1 / 5e10, Between(fleet.Fabric(["n1", "n3"], "a")), 1e-20);
        Assert.AreSame(CollectiveFabric.Unmeasured, fleet.Fabric(["n3"], "a"));
    }

    [TestMethod]
    public void Fabric_OthersSendOverTheLinks_IsWhatTheyLeaveButAFairShareAtLeast()
    {
        var fleet = new TrainingFleet([Node("n1", 5e10), Node("n2", 5e10)], [Claim("a", 1, 1e10, "n1", "n2"), Claim("b", 1, 1e10, "n1"), Claim("c", 1, 2.5e10, "n1")]);
        Assert.AreEqual(1 / 4e10, Between(fleet.Fabric(["n2"], "new")), 1e-20, "what a leaves");
        Assert.AreEqual(3 / 5e10, Between(fleet.Fabric(["n1", "n2"], "a")), 1e-20, "its own claim does not count; a third is more than what b and c leave");
        Assert.AreEqual(1 / 1.25e10, Between(fleet.Fabric(["n1"], "new")), 1e-20, "a quarter is more than what is left");
    }

    [TestMethod]
    public void Capacity_Links_AreCountedOncePerJob()
    {
        // A job that moves has two claims.
        var fleet = new TrainingFleet([Node("n1", 5e10), Node("n2", null)], [Claim("a", 1, 1e10, "n1"), Claim("a", 2, 2e10, "n1", "n2"), Claim("b", 1, 1e9, "n1")]);
        Assert.AreEqual((5e10, 2.1e10), Links(fleet, "n1"));
        Assert.AreEqual((null, 2e10), Links(fleet, "n2"));
        var node = fleet.For("", out _).Single(n => n.Id == "n1");
        Assert.AreEqual((5e10, 2.1e10), (node.LinkBytesPerSecond, node.LinkClaimedBytesPerSecond));
    }

    private static (double? Rate, double Claimed) Links(TrainingFleet fleet, string node)
    {
        var capacity = fleet.Capacity(fleet.Find(node)!);
        return (capacity.LinkBytesPerSecond, capacity.LinkClaimedBytesPerSecond);
    }

    private static double Between(CollectiveFabric fabric) => fabric.Between[TopologyLevel.Rack].SecondsPerByte;

    private static LaunchingNode Node(string id, double? rate) => new()
    {
        Registration = new() { NodeId = id, CellId = "c" },
        Health = NodeHealth.Ready,
        IsHeard = true,
        Network = rate is { } bytes ? new() { Links = [new() { Port = "mlx5_0/1", State = "ACTIVE", RateBytesPerSecond = bytes }] } : null,
    };

    private static CapacityClaim Claim(string job, long fence, double bytes, params string[] nodes) =>
        new() { Claim = $"{job}-{fence}", Holder = job, Fence = fence, Gpus = [.. nodes.Select(n => new ClaimedGpus(n, [$"{n}-{job}-{fence}"]))], LinkBytesPerSecond = bytes };
}
