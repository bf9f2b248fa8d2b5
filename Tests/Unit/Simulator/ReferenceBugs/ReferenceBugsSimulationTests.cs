using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.ReferenceBugs;

namespace InferMesh.Tests.Unit.Simulator.ReferenceBugs;

/// <summary>The published table of the original comes out of its two bugs, on 4 x 32 nodes.</summary>
[TestClass]
public sealed class ReferenceBugsSimulationTests
{
    // Nearly all requests that complete at all do so in the first seconds; a longer horizon adds arrivals only.
    private static readonly SimConfig Published = new()
    {
        DurationS = 20,
        Workload = new() { Arrival = new() { Rps = 800 } },
        Topology = new() { Cells = 4, NodesPerCell = 32, GpuProfiles = [new() { Name = "H100-80G", TokensPerS = 240_000, Concurrency = 16, VramTotalGb = 80 }] },
    };

    [TestMethod]
    [DataRow("baseline_rr", 384.0)]
    [DataRow("predictive_mesh", 287.0)]
    [DataRow("hybrid_mesh", 183.0)]
    public void Run_PublishedConfiguration_GivesThePublishedP95(string strategy, double publishedMs)
    {
        var p95 = ReferenceBugsSimulation.Run(Published, strategy).Percentile(0.95);
        Assert.IsLessThan(0.15, Math.Abs(p95 / publishedMs - 1), $"{strategy}: {p95} ms");
    }

    [TestMethod]
    public void Run_PublishedConfiguration_GivesThePublishedOrder()
    {
        string[] published = ["hybrid_mesh", "predictive_mesh", "baseline_rr", "heuristic", "adaptive_mesh", "mesh", "ml_enhanced_mesh"];
        var p95 = published.Select(s => ReferenceBugsSimulation.Run(Published, s).Percentile(0.95)).ToArray();
        CollectionAssert.AreEqual(p95.Order().ToArray(), p95, string.Join(' ', published.Zip(p95)));
    }

    [TestMethod]
    public void Run_AnyStrategy_LeavesAlmostAllUnanswered()
    {
        var result = ReferenceBugsSimulation.Run(Published, "hybrid_mesh");
        Assert.IsLessThan(0.3, (double)result.Completed / result.Arrived);
        Assert.IsLessThanOrEqualTo(128L * 16 * 128, result.Completed);
    }

    [TestMethod]
    public void Run_UnknownStrategy_Throws() => Assert.ThrowsExactly<ArgumentException>(() => ReferenceBugsSimulation.Run(Published, "prefix_mesh"));
}
