using System.Globalization;
using System.IO.Compression;
using InferMesh.Adapters.Comm.Nccl;
using InferMesh.Strategies.Training;

namespace InferMesh.Tests.Unit.Strategies.Training;

[TestClass]
public sealed class CollectiveTests
{
    private static readonly AlphaBeta NvLink = new(2e-6, 1 / 450e9);
    private static readonly AlphaBeta Ethernet = new(20e-6, 1 / 12.5e9);

    [TestMethod]
    public void Fit_TwoLines_AreFoundWithTheirBorder()
    {
        var samples = Enumerable.Range(10, 15).Select(p => (double)(1L << p)).Select(b => new CollectiveSample(b, b < 1 << 18 ? 1e-5 + b * 1e-9 : 1e-4 + b * 1e-10)).ToArray();
        var curve = CollectiveCurve.Fit(samples);
        Assert.AreEqual(1 << 18, curve.LargeFromBytes);
        foreach (var s in samples) Assert.AreEqual(s.Seconds, curve.Seconds(s.Bytes), s.Seconds * 1e-6);
    }

    [TestMethod]
    public void Fit_FallingTimes_NeverGoBelowNothing()
    {
        var curve = CollectiveCurve.Fit([new(0, 3), new(10, 2), new(20, 1)]);
        Assert.IsTrue(curve.Small is { AlphaSeconds: > 0, SecondsPerByte: >= 0 } && curve.Seconds(1e9) > 0);
        Assert.ThrowsExactly<ArgumentException>(() => CollectiveCurve.Fit([new(1, 1), new(1, 2)]));
        Assert.ThrowsExactly<ArgumentException>(() => CollectiveCurve.Fit([new(1, 1), new(2, 0)]));
        Assert.ThrowsExactly<ArgumentException>(() => CollectiveCurve.Fit([]));
    }

    /// <summary>Every other measurement is fitted, and the rest predicted.</summary>
    [TestMethod]
    public void Fit_VidurAllReduceTables_PredictsTheOtherHalf()
    {
        var errors = new List<double>();
        foreach (var machine in new[] { "a100_dgx", "a100_pairwise_nvlink", "h100_dgx", "h100_pairwise_nvlink" })
        {
            foreach (var table in Vidur(machine))
            {
                var curve = CollectiveCurve.Fit(table.Where((_, i) => i % 2 == 0));
                errors.AddRange(table.Where((_, i) => i % 2 == 1).Select(s => Math.Abs(curve.Seconds(s.Bytes) - s.Seconds) / s.Seconds));
            }
        }
        Assert.IsGreaterThan(5000, errors.Count);
        Assert.IsLessThan(0.05, Median(errors), "median relative error");
    }

    [TestMethod]
    public void Fit_NcclTestsTable_PredictsTheOtherHalf()
    {
        using var text = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(Data(), "nccl-logs", "superbenchmark", "nccl_allreduce.log.gz")), CompressionMode.Decompress));
        var samples = NcclTestsTable.Parse(text.ReadToEnd()).Rows.Where(r => r.OutOfPlace is { TimeMicroseconds: > 0 }).Select(r => new CollectiveSample(r.SizeBytes, r.OutOfPlace!.TimeMicroseconds * 1e-6)).ToArray();
        Assert.IsGreaterThan(20, samples.Length);
        var curve = CollectiveCurve.Fit(samples.Where((_, i) => i % 2 == 0));
        var errors = samples.Where((_, i) => i % 2 == 1).Select(s => Math.Abs(curve.Seconds(s.Bytes) - s.Seconds) / s.Seconds).ToList();
        Assert.IsLessThan(0.10, Median(errors), "median relative error");
    }

    [TestMethod]
    public void Plan_SmallThenLarge_GoesFromLatencyToBandwidth()
    {
        var one = CollectivePlanner.Plan(1, 8, new(NvLink, Ethernet));
        Assert.AreEqual((0L, CollectiveAlgorithm.Tree), (one[0].FromBytes, one[0].Algorithm), "3 steps up and down beat 7");
        Assert.AreEqual(CollectiveAlgorithm.Ring, one[^1].Algorithm);
        Assert.HasCount(2, one);

        var many = CollectivePlanner.Plan(16, 8, new(NvLink, Ethernet));
        Assert.AreEqual(CollectiveAlgorithm.Hierarchical, many[^1].Algorithm, "each GPU has a link of its own to the other nodes");
        CollectionAssert.DoesNotContain(CollectivePlanner.Plan(16, 1, new(NvLink, Ethernet)).Select(r => r.Algorithm).ToArray(), CollectiveAlgorithm.Hierarchical);
    }

    [TestMethod]
    public void Plan_AnyGang_IsTheLeastOfAllAlgorithms()
    {
        var random = new Random(3);
        for (var i = 0; i < 300; i++)
        {
            var (nodes, ranks) = (random.Next(1, 64), random.Next(1, 9));
            var links = new CollectiveLinks(new(random.NextDouble() * 1e-5, random.NextDouble() * 1e-10), new(random.NextDouble() * 1e-4, random.NextDouble() * 1e-9));
            var plan = CollectivePlanner.Plan(nodes, ranks, links);
            Assert.AreEqual(0, plan[0].FromBytes);
            foreach (var range in plan)
            {
                foreach (var other in Enum.GetValues<CollectiveAlgorithm>().Where(a => a != CollectiveAlgorithm.Hierarchical || (nodes > 1 && ranks > 1)))
                    Assert.IsGreaterThanOrEqualTo(range.Seconds, CollectivePlanner.Seconds(other, nodes, ranks, range.FromBytes, links));
            }
            if (CollectivePlanner.FusionBytes(nodes, ranks, links) is { } fusion) Assert.IsGreaterThanOrEqualTo(1024, fusion);
        }
        Assert.AreEqual(0, CollectivePlanner.Seconds(CollectiveAlgorithm.Ring, 1, 1, 1e9, new(NvLink, Ethernet)), "alone there is nothing to exchange");
    }

    [TestMethod]
    public void FusionBytes_SlowStart_FusesMore()
    {
        var quick = CollectivePlanner.FusionBytes(2, 8, new(NvLink, Ethernet));
        var slow = CollectivePlanner.FusionBytes(2, 8, new(NvLink, Ethernet with { AlphaSeconds = 1e-3 }));
        Assert.IsGreaterThan(quick!.Value, slow!.Value);
    }

    /// <summary>Measurements of one machine, apart by ranks and by how they lie on nodes; equal sizes are averaged.</summary>
    private static IEnumerable<CollectiveSample[]> Vidur(string machine)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(Data(), "vidur-profiles", $"all_reduce-{machine}.csv.gz")), CompressionMode.Decompress));
        var columns = reader.ReadLine()!.Split(',');
        int At(string name) => Array.IndexOf(columns, name);
        var rows = new List<(string Table, double Bytes, double Seconds)>();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split(',');
            double Cell(string name) => double.Parse(cells[At(name)], CultureInfo.InvariantCulture);
            if (Cell("all_reduce_ms") > 0) rows.Add(($"{cells[At("num_workers")]} of {cells[At("devices_per_node")]}", Cell("size"), Cell("all_reduce_ms") / 1000));
        }
        return rows.GroupBy(r => r.Table).Select(g => g.GroupBy(r => r.Bytes).OrderBy(s => s.Key).Select(s => new CollectiveSample(s.Key, s.Average(r => r.Seconds))).ToArray());
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static string Data()
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is { Length: > 0 } folder) return folder;
        Assert.Inconclusive("INFERMESH_DATA is not set.");
        return "";
    }
}
