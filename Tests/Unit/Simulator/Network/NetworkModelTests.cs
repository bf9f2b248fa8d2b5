using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Network;
using InferMesh.Strategies.Topology;

namespace InferMesh.Tests.Unit.Simulator.Networks;

[TestClass, DoNotParallelize]
public sealed class NetworkModelTests
{
    private static readonly SimConfig Config = new() { Topology = new() { Cells = 40 } };

    [TestMethod]
    public void Regions_CellsWithinThreeMilliseconds_AreZonesOfOne()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "0 80 3\n80 0 40\n3 40 0\n");
            var config = new SimConfig { Topology = new() { Cells = 3, NodesPerCell = 1 }, Network = new() { RttMatrixFile = file } };
            var regions = NetworkModel.Build(config).Regions();
            CollectionAssert.AreEqual((int[])[0, 1, 0], regions);
            CollectionAssert.AreEqual((string[])["region-0", "region-1", "region-0"], RunPlan.Of(config).Fleet.InRegions(regions!).Identity.Select(i => i.Region).ToArray());
            Assert.IsNull(NetworkModel.Build(config with { Network = new() }).Regions(), "Coordinates put every cell further than that.");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestMethod]
    public void RttSeconds_WithinACell_IsTheConfiguredOne()
    {
        var network = NetworkModel.Build(Config with { Network = new() { IntraCellRttMs = new() { Dist = DistKind.Uniform, Min = 1, Max = 3 } } });
        var drawn = Enumerable.Range(0, 100_000).Select(node => network.RttSeconds(5, 5, node)).ToArray();

        Assert.AreEqual(2e-3, drawn.Average(), 0.05e-3);
        Assert.IsTrue(drawn.All(s => s is >= 1e-3 and <= 3e-3));
    }

    [TestMethod]
    public void RttSeconds_BetweenCells_IsBaseAndDistanceWithinTheNoise()
    {
        var network = NetworkModel.Build(Config);
        var pairs = (from a in Enumerable.Range(0, 40) from b in Enumerable.Range(0, 40) where a != b select (A: a, B: b, Ms: (network.RttSeconds(a, b, 7) - network.RttSeconds(b, b, 7)) * 1e3)).ToArray();

        // Distances within a cube of 200: 0 to 346, 132 on average (0.6617 x 200).
        Assert.IsTrue(pairs.All(p => p.Ms >= 20 * 0.9 && p.Ms <= (20 + 34.7) * 1.1));
        Assert.AreEqual(20 + 0.1 * 132, pairs.Average(p => p.Ms), 2);
        Assert.IsTrue(pairs.All(p => network.RttSeconds(p.B, p.A, 7) == network.RttSeconds(p.A, p.B, 7)), "there and back are one");
    }

    [TestMethod]
    public void Build_EqualSeed_GivesTheSameNetwork()
    {
        NetworkModel a = NetworkModel.Build(Config), b = NetworkModel.Build(Config), c = NetworkModel.Build(Config with { Seed = 1 });
        Assert.AreEqual(a.RttSeconds(1, 2, 3), b.RttSeconds(1, 2, 3));
        Assert.AreNotEqual(a.RttSeconds(1, 2, 3), c.RttSeconds(1, 2, 3));
    }

    [TestMethod]
    public void RttSeconds_OfAMillionNodes_NeedsNoMemoryPerNode()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var network = NetworkModel.Build(Config with { Topology = new() { Cells = 128, NodesPerCell = 8192 } });
        for (var node = 0; node < 1_048_576; node++) Assert.IsGreaterThan(0, network.RttSeconds(0, node / 8192, node));
        Assert.IsLessThan(1_000_000, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void BytesPerSecondAndLinkClass_GoByCell()
    {
        var network = NetworkModel.Build(Config);

        Assert.AreEqual((12.5e9, 625e6), (network.BytesPerSecond(3, 3), network.BytesPerSecond(3, 4)));
        Assert.AreEqual((LinkClass.Zone, LinkClass.Wan), (network.LinkClassOf(3, 3), network.LinkClassOf(3, 4)));
        var near = NetworkModel.Build(Config with { Network = new() { InterCellCoords = new(1, 0, 0) } });
        Assert.Contains(LinkClass.Region, Enumerable.Range(1, 39).Select(c => near.LinkClassOf(0, c)));
    }

    [TestMethod]
    public void Matrix_ReplacesCoordinates()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "0,10,0\n12,0,30\n0,31,0\n");
            var network = NetworkModel.Build(new() { Topology = new() { Cells = 3 }, Network = new() { IntraCellRttMs = new() { Value = 0 }, RttMatrixFile = path } });

            Assert.AreEqual(0.010, network.RttSeconds(0, 1, 0), 1e-12);
            Assert.AreEqual(0.012, network.RttSeconds(1, 0, 0), 1e-12);
            Assert.AreEqual(0.040, network.RttSeconds(0, 2, 0), 1e-12, "what was not measured is the way over another cell");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    [DataRow("1,2\n3\n", "line 2")]
    [DataRow("0,x\n1,0\n", "line 1")]
    [DataRow("0,-1\n1,0\n", "line 1")]
    [DataRow("0,1,2\n1,0,2\n", "must be a square")]
    [DataRow("", "must be a square")]
    [DataRow("0,0\n0,0\n", "no round trip from 0 to 1")]
    public void Matrix_Malformed_SaysWhere(string text, string expected) =>
        Assert.Contains(expected, Assert.ThrowsExactly<FormatException>(() => RttMatrix.Read(new StringReader(text))).Message);

    [TestMethod]
    public void Matrix_OfPlanetLab_IsComplete()
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is not { Length: > 0 } data)
        {
            Assert.Inconclusive("INFERMESH_DATA is not set: the latency matrix is not at hand.");
            return;
        }

        var matrix = RttMatrix.Load(Path.Combine(data, "net-latency/PlanetLabData_1.csv.gz"));
        Assert.AreEqual(490, matrix.Size);
        Assert.IsGreaterThan(0, matrix.Seconds(0, 489));
    }
}
