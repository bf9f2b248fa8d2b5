using InferMesh.Strategies.Training;
using static InferMesh.Tests.Unit.Strategies.Training.Fabrics;

namespace InferMesh.Tests.Unit.Strategies.Training;

[TestClass]
public sealed class TrainingStrategiesTests
{
    public static IEnumerable<object[]> All => TrainingCatalog.All.Select(s => new object[] { s.Name });

    [TestMethod]
    public void Spread_TwoRacks_TakesThemInTurn()
    {
        TrainingNode[] nodes = [Node("a1", "r1"), Node("a2", "r1"), Node("a3", "r1"), Node("b1", "r2"), Node("b2", "r2")];
        var placement = TrainingCatalog.Create("spread").Place(Gang(4, 8), nodes);
        CollectionAssert.AreEquivalent(new[] { "a1", "a2", "b1", "b2" }, placement.Groups.Select(g => g.Node).ToArray());
    }

    [TestMethod]
    [DataRow("binpack", "a:1 b:4")]
    [DataRow("spread", "a:1 b:2 c:2")]
    [DataRow("topology_balanced", "c:5")]
    [DataRow("topology_best_fit", "c:5")]
    public void Place_FiveWorkers_AsTheStrategySays(string strategy, string expected) =>
        Assert.AreEqual(expected, Text(Place(strategy, Gang(5), Node("a", free: 1), Node("b", free: 4), Node("c", free: 8))));

    [TestMethod]
    public void Place_OneRackHasRoom_TakesItWhole()
    {
        TrainingNode[] nodes = [Node("a", "r1", free: 6), Node("b", "r2"), Node("c", "r2"), Node("d", "r3", free: 8), Node("e", "r1", free: 6)];
        foreach (var strategy in new[] { "topology_balanced", "topology_best_fit" })
        {
            var placement = Place(strategy, Gang(16), nodes);
            Assert.AreEqual("b:8 c:8", Text(placement), strategy);
            Assert.AreEqual((2, 0), (placement.CrossEdges[TopologyLevel.Node], placement.CrossEdges[TopologyLevel.Rack]));
        }
    }

    [TestMethod]
    public void Place_SameCost_BestFitFillsWhatIsBegunAndBalancedEvensOut()
    {
        TrainingNode[] nodes = [Node("a", "r1", free: 4), Node("b", "r1"), Node("c", "r1"), Node("d", "r1")];
        Assert.AreEqual("a:4 b:8", Text(Place("topology_best_fit", Gang(12), nodes)));
        Assert.AreEqual("b:6 c:6", Text(Place("topology_balanced", Gang(12), nodes)));
    }

    [TestMethod]
    public void Place_RequiredAndPreferredDomains_HoldTogether()
    {
        TrainingNode[] nodes = [Node("a", "r1", "z1", 4), Node("b", "r2", "z1", 4), Node("c", "r3", "z2", 4), Node("d", "r3", "z2", 4)];
        var gang = Gang(8) with { Required = TopologyLevel.Zone, Preferred = TopologyLevel.Rack };
        foreach (var (strategy, _) in TrainingCatalog.All.Select(s => (s.Name, s.Description))) Assert.AreEqual("c:4 d:4", Text(Place(strategy, gang, nodes)), strategy);
        // No rack has room for all: the zone that is required does, the rack that is preferred does not matter.
        Assert.AreEqual("a:4 b:4", Text(Place("topology_best_fit", gang, [.. nodes.Where(n => n.Id != "d")])));
        Assert.AreEqual(PlacementFailure.DomainTooSmall, Place("spread", gang with { Workers = 9 }, nodes).Failure);
        Assert.AreEqual("c:4 d:4", Text(Place("topology_best_fit", gang with { Workers = 9, MinWorkers = 6 }, nodes)), "as many as one domain has room for");
    }

    [TestMethod, DynamicData(nameof(All))]
    public void Place_NoRoom_SaysWhy(string strategy)
    {
        TrainingNode[] nodes = [Node("a", free: 2), Node("b", free: 3)];
        Assert.AreEqual(PlacementFailure.NotEnoughFree, Place(strategy, Gang(6), nodes).Failure);
        Assert.AreEqual(PlacementFailure.TooLarge, Place(strategy, Gang(17), nodes).Failure);
        Assert.AreEqual(PlacementFailure.NotEnoughFree, Place(strategy, Gang(1, 4), nodes).Failure, "a worker is on one node");
        Assert.AreEqual(PlacementFailure.NoSuchGpu, Place(strategy, Gang(1) with { Throughput = new Dictionary<string, double> { ["B200"] = 1 } }, nodes).Failure);
        Assert.AreEqual(PlacementFailure.NoSuchGpu, Place(strategy, Gang(1) with { BytesPerGpu = 141L << 30 }, nodes).Failure);
        Assert.AreEqual(PlacementFailure.NoSuchGpu, Place(strategy, Gang(1)).Failure);
    }

    [TestMethod]
    public void Place_UnknownRacks_AreNearNothing()
    {
        TrainingNode[] nodes = [Node("a", "", free: 4), Node("b", "", free: 4), Node("c", "r1", free: 4), Node("d", "r1", free: 4)];
        Assert.AreEqual("c:4 d:4", Text(Place("topology_best_fit", Gang(8), nodes)));
    }

    [TestMethod]
    public void ThroughputAware_SlowGpus_AreLeftOutUnlessTheyGiveMore()
    {
        var gang = Gang(16) with { MinWorkers = 4, Throughput = new Dictionary<string, double> { ["H100"] = 3, ["A100"] = 1 } };
        TrainingNode[] nodes = [Node("a", "r1", free: 8), Node("b", "r2", type: "A100"), Node("c", "r2", type: "A100")];
        Assert.AreEqual("a:8", Text(Place("throughput_aware", gang, nodes)), "8 at 3 beat 16 at 1");
        Assert.AreEqual("a:2 b:7 c:7", Text(Place("throughput_aware", gang, [nodes[0] with { FreeGpus = 2 }, nodes[1] with { FreeGpus = 7 }, nodes[2] with { FreeGpus = 7 }])), "fewer fast ones are not enough");
        Assert.AreEqual("b:8 c:8", Text(Place("topology_best_fit", gang, nodes)), "who looks at links alone");
    }

    /// <summary>Instances of up to eight nodes, where every way to place the gang can be tried.</summary>
    [TestMethod]
    [DataRow("topology_balanced")]
    [DataRow("topology_best_fit")]
    public void Place_SmallFabrics_AreOptimal(string strategy)
    {
        var random = new Random(11);
        for (var instance = 0; instance < 3000; instance++)
        {
            var nodes = Random(random, random.Next(1, 9));
            var gang = Gang(random.Next(1, Math.Max(2, nodes.Sum(n => n.FreeGpus))), 1) with
            {
                Required = random.Next(4) == 0 ? (TopologyLevel)random.Next(5) : null,
            };
            var best = Exhaustive(gang, nodes);
            var placement = Place(strategy, gang, nodes);
            if (double.IsPositiveInfinity(best))
            {
                Assert.AreNotEqual(PlacementFailure.None, placement.Failure, $"instance {instance}");
                continue;
            }
            Assert.AreEqual(PlacementFailure.None, placement.Failure, $"instance {instance}");
            Assert.AreEqual(best, placement.RingCost, 1e-6, $"instance {instance}: {Text(placement)} of {string.Join(' ', nodes.Select(n => $"{n.Zone}/{n.Rack}/{n.Id}:{n.FreeGpus}"))}");
        }
    }

    [TestMethod, DynamicData(nameof(All))]
    public void Place_AnyFabric_FitsAndIsTheSameAgain(string strategy)
    {
        var random = new Random(5);
        for (var instance = 0; instance < 500; instance++)
        {
            var nodes = Random(random, random.Next(1, 40));
            var gang = Gang(random.Next(1, 60), random.Next(1, 4)) with { MinWorkers = random.Next(3) == 0 ? 1 : 0, Required = random.Next(3) == 0 ? (TopologyLevel)random.Next(5) : null, Preferred = random.Next(3) == 0 ? (TopologyLevel)random.Next(5) : null };
            var placement = Place(strategy, gang, nodes);
            Assert.AreEqual(Text(placement), Text(Place(strategy, gang, [.. nodes.OrderBy(_ => random.Next())])), "the order of the nodes says nothing");
            if (placement.Failure != PlacementFailure.None)
            {
                Assert.IsEmpty(placement.Groups);
                continue;
            }
            var byId = nodes.ToDictionary(n => n.Id);
            Assert.IsTrue(placement.Workers == gang.Workers || (gang.MinWorkers > 0 && placement.Workers >= gang.MinWorkers));
            Assert.IsTrue(placement.Groups.All(g => g.Workers > 0 && g.Workers * gang.GpusPerWorker <= byId[g.Node].FreeGpus));
            CollectionAssert.AllItemsAreUnique(placement.Groups.Select(g => g.Node).ToArray());
            if (gang.Required is { } level) Assert.AreEqual(0, placement.CrossEdges[level]);

            TrainingNode[] ranks = [.. placement.Groups.SelectMany(g => Enumerable.Repeat(Known(byId[g.Node]), g.Workers))];
            Assert.AreEqual(RingCost(ranks), placement.RingCost, 1e-6);
            Assert.IsGreaterThanOrEqualTo(placement.RingCost - 1e-6, RingCost([.. ranks.OrderBy(_ => random.Next())]), "no other order of ranks costs less");
        }
    }

    [TestMethod]
    public void Replace_OneNodeLost_MovesItsWorkersAlone()
    {
        TrainingNode[] nodes = [Node("a", free: 0), Node("b", free: 0), Node("c", "r2"), Node("d", free: 4), Node("e", free: 4), Node("f", "r2")];
        WorkerGroup[] groups = [new("a", 8), new("b", 8)];
        var repaired = GangRepair.Replace(Gang(16), groups, new HashSet<string> { "b" }, nodes);
        Assert.AreEqual("a:8 d:4 e:4", Text(repaired), "three nodes in one rack cost less than two in two");
        Assert.AreEqual("a:8 c:8", Text(GangRepair.Replace(Gang(16), groups, new HashSet<string> { "b" }, [.. nodes.Where(n => n.Id != "e")])));
        Assert.AreEqual(PlacementFailure.DomainTooSmall, GangRepair.Replace(Gang(16) with { Required = TopologyLevel.Rack }, groups, new HashSet<string> { "b" }, [.. nodes.Where(n => n.Id != "e")]).Failure);
        Assert.AreEqual(PlacementFailure.NotEnoughFree, GangRepair.Replace(Gang(16), groups, new HashSet<string> { "b" }, nodes[..2]).Failure);
        Assert.AreEqual("a:8 b:8", Text(GangRepair.Replace(Gang(16), groups, new HashSet<string> { "x" }, nodes)));
        Assert.AreEqual("c:8 f:8", Text(GangRepair.Replace(Gang(16), groups, new HashSet<string> { "a", "b" }, nodes)));
    }

    [TestMethod]
    public void Replace_SmallFabrics_IsOptimalForThoseWhoStay()
    {
        var random = new Random(23);
        for (var instance = 0; instance < 1500; instance++)
        {
            var nodes = Random(random, random.Next(3, 9));
            var placement = Place("spread", Gang(random.Next(2, 10)), nodes);
            if (placement.Groups.Count < 2) continue;
            var lost = placement.Groups[random.Next(placement.Groups.Count)].Node;
            var held = placement.Groups.ToDictionary(g => g.Node, g => g.Workers);
            TrainingNode[] now = [.. nodes.Where(n => n.Id != lost).Select(n => n with { FreeGpus = n.FreeGpus - held.GetValueOrDefault(n.Id) })];
            var kept = held.Where(h => h.Key != lost).ToDictionary();
            var best = double.PositiveInfinity;
            Each(now, held[lost], 0, new int[now.Length], added => best = Math.Min(best, RingCost(Ranks(now, [.. now.Select((n, i) => added[i] + kept.GetValueOrDefault(n.Id))]))));
            var repaired = GangRepair.Replace(Gang(placement.Workers), placement.Groups, new HashSet<string> { lost }, now);
            Assert.AreEqual(double.IsPositiveInfinity(best), repaired.Failure != PlacementFailure.None, $"instance {instance}");
            if (repaired.Failure != PlacementFailure.None) continue;
            Assert.AreEqual(best, repaired.RingCost, 1e-6, $"instance {instance}");
            Assert.IsTrue(kept.All(k => repaired.Groups.Single(g => g.Node == k.Key).Workers >= k.Value), "nobody moved who was well");
        }
    }

    [TestMethod]
    public void Catalogue_NamesAreUniqueAndUnknownOnesAreRefused()
    {
        CollectionAssert.AllItemsAreUnique(TrainingCatalog.All.Select(s => s.Name).ToArray());
        Assert.AreEqual(TrainingCatalog.Default, TrainingCatalog.Create(TrainingCatalog.Default).Name);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => TrainingCatalog.Create("mesh")).Message, "topology_balanced");
    }

    private static GangPlacement Place(string strategy, Gang gang, params TrainingNode[] nodes) => TrainingCatalog.Create(strategy).Place(gang, nodes);

    private static string Text(GangPlacement placement) => string.Join(' ', placement.Groups.Select(g => $"{g.Node}:{g.Workers}"));

    private static TrainingNode[] Random(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(i => { var (zone, rack) = (random.Next(3), random.Next(3)); return Node($"n{i:00}", random.Next(8) == 0 ? "" : $"z{zone}r{rack}", $"z{zone}", random.Next(0, 5)); })];

    /// <summary>The least cost over all ways to place the gang; infinite when there is none.</summary>
    private static double Exhaustive(Gang gang, TrainingNode[] nodes)
    {
        var best = double.PositiveInfinity;
        Each(nodes, gang.Workers, 0, new int[nodes.Length], workers =>
        {
            var ranks = Ranks(nodes, workers);
            if (gang.Required is { } level && ranks.Select(n => Path(n, level)).Distinct().Count() > 1) return;
            best = Math.Min(best, RingCost(ranks));
        });
        return best;
    }

    private static void Each(TrainingNode[] nodes, int left, int at, int[] workers, Action<int[]> take)
    {
        if (at == nodes.Length)
        {
            if (left == 0) take(workers);
            return;
        }
        for (var here = 0; here <= Math.Min(left, nodes[at].FreeGpus); here++)
        {
            workers[at] = here;
            Each(nodes, left - here, at + 1, workers, take);
        }
        workers[at] = 0;
    }

    private static TrainingNode[] Ranks(TrainingNode[] nodes, int[] workers) =>
        [.. nodes.Zip(workers).OrderBy(n => Path(n.First, TopologyLevel.Node), StringComparer.Ordinal).SelectMany(n => Enumerable.Repeat(Known(n.First), n.Second))];

    // What is unknown is a domain of the node's own.
    private static TrainingNode Known(TrainingNode node) => node.Rack.Length > 0 ? node : node with { Rack = $"?{node.Id}" };

    private static string Path(TrainingNode node, TopologyLevel level) =>
        string.Join('/', new[] { node.Region, node.Zone, node.Cell, Known(node).Rack, node.Id }.Take((int)level + 1));
}
