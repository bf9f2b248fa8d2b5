using InferMesh.Strategies.Training;
using static InferMesh.Tests.Unit.Strategies.Training.Fabrics;

namespace InferMesh.Tests.Unit.Strategies.Training;

[TestClass]
public sealed class CollectiveHintTests
{
    private static readonly TrainingStep Step = new(1, 0.1, 1e9);

    [TestMethod]
    public void For_OneNode_NeedsNoCompression()
    {
        var hint = CollectiveHints.For(Placed(8, Node("a")), Step, CollectiveFabric.Unmeasured);
        Assert.IsFalse(hint.Compress);
        Assert.AreEqual("Ring", hint.Environment["NCCL_ALGO"]);
        Assert.AreEqual(0.1, hint.ComputeSeconds);
        Assert.IsTrue(hint.ExchangeSeconds is > 0.003 and < 0.006, $"{hint.ExchangeSeconds}");
        Assert.AreEqual(hint.ComputeSeconds + hint.ExchangeSeconds, hint.StepSeconds);
    }

    [TestMethod]
    public void For_FartherApart_TakesLonger()
    {
        TrainingNode[][] fabrics =
        [
            [Node("a")], [Node("a", free: 4), Node("b", free: 4)], [Node("a", free: 4), Node("b", "r2", free: 4)], [Node("a", free: 4), Node("b", "r2", "z2", free: 4)],
            [Node("a", free: 4), Node("b", "r2", "z2", free: 4) with { Region = "us" }],
        ];
        var steps = fabrics.Select(nodes => CollectiveHints.For(Placed(8, nodes), Step, CollectiveFabric.Unmeasured)).ToArray();
        CollectionAssert.AreEqual(steps.OrderBy(h => h.StepSeconds).ToArray(), steps);
        CollectionAssert.AllItemsAreUnique(steps.Select(h => h.StepSeconds).ToArray());
        Assert.IsTrue(steps[^1].Compress, "a WAN is worth it");
        CollectionAssert.AreEqual(new[] { "a", "b" }, steps[1].RankOrder.Select(g => g.Node).ToArray());
    }

    [TestMethod]
    public void For_LinksBetweenNodes_ForcesOnlyWhatHoldsForAllThatIsSent()
    {
        var near = CollectiveHints.For(Placed(16, Node("a"), Node("b")), Step, CollectiveFabric.Unmeasured);
        var far = CollectiveHints.For(Placed(8, Node("a", free: 4), Node("b", "r2", "z2", free: 4) with { Region = "us" }), Step, CollectiveFabric.Unmeasured);
        var one = CollectiveHints.For(Placed(8, Node("a")), Step, CollectiveFabric.Unmeasured);

        Assert.AreEqual("^LL", near.Environment["NCCL_PROTO"], "what is fused is large");
        Assert.IsFalse(one.Environment.ContainsKey("NCCL_PROTO") || one.Environment.ContainsKey("NCCL_MIN_NCHANNELS"), "within a node NCCL knows best");
        Assert.IsFalse(near.Environment.ContainsKey("NCCL_MIN_NCHANNELS"), "12.5 GB/s for 0.1 ms are a buffer's worth");
        // 1 GB/s each way and 60 ms there and back are 15 buffers of 4 MiB.
        var slow = CollectiveFabric.Unmeasured with { Between = new Dictionary<TopologyLevel, AlphaBeta> { [TopologyLevel.Region] = new(0.03, 1e-9) } };
        Assert.AreEqual("15", CollectiveHints.For(Placed(8, Node("a", free: 4), Node("b", "r2", "z2", free: 4) with { Region = "us" }), Step, slow).Environment["NCCL_MIN_NCHANNELS"]);
        Assert.IsTrue(far.StepSeconds > near.StepSeconds);
    }

    [TestMethod]
    public void Differs_LinkDegrades_TheJobHearsOfIt()
    {
        var placement = Placed(16, Node("a"), Node("b"));
        var fabric = CollectiveFabric.Unmeasured;
        var hint = CollectiveHints.For(placement, Step, fabric);
        Assert.IsFalse(CollectiveHints.Differs(hint, CollectiveHints.For(placement, Step, fabric)));
        Assert.IsFalse(CollectiveHints.Differs(hint, CollectiveHints.For(placement, Step, Slower(1.01))), "within noise");
        Assert.IsTrue(CollectiveHints.Differs(hint, CollectiveHints.For(placement, Step, Slower(10))));

        CollectiveFabric Slower(double factor) =>
            fabric with { Between = fabric.Between.ToDictionary(l => l.Key, l => l.Value with { SecondsPerByte = factor * l.Value.SecondsPerByte }) };
    }

    [TestMethod]
    public void For_FailedPlacement_IsRefused() =>
        Assert.ThrowsExactly<ArgumentException>(() => CollectiveHints.For(GangPlacement.Failed(PlacementFailure.TooLarge), Step, CollectiveFabric.Unmeasured));

    [TestMethod]
    public void Consolidate_Fragments_MoveSoThatTheLargeGangFits()
    {
        TrainingNode[] nodes = [Node("a", free: 4), Node("b", free: 4), Node("c", free: 4)];
        MovableGang[] running = [new("x", Gang(4), [new("a", 4)]), new("y", Gang(4), [new("b", 4)]), new("z", Gang(4), [new("c", 4)])];
        var strategy = TrainingCatalog.Create("topology_best_fit");
        Assert.AreEqual(PlacementFailure.NotEnoughFree, strategy.Place(Gang(1, 8), nodes).Failure);
        var plan = GangConsolidation.Plan(Gang(1, 8), nodes, running, strategy)!;
        Assert.HasCount(1, plan.Moves, "one move is enough");
        Assert.AreEqual(1, plan.Placement.Workers);
        Assert.IsNull(GangConsolidation.Plan(Gang(2, 8), nodes, running, strategy), "there is no room for two");
        Assert.IsEmpty(GangConsolidation.Plan(Gang(4), nodes, running, strategy)!.Moves);
    }

    [TestMethod]
    public void Consolidate_AnyFleet_NothingOverlapsAndNoMoveIsTooMany()
    {
        var random = new Random(17);
        var strategy = TrainingCatalog.Create("topology_best_fit");
        var found = 0;
        for (var instance = 0; instance < 300; instance++)
        {
            TrainingNode[] all = [.. Enumerable.Range(0, random.Next(2, 8)).Select(i => Node($"n{i}", $"r{random.Next(3)}"))];
            var free = all.ToDictionary(n => n.Id);
            var running = new List<MovableGang>();
            for (var i = 0; i < random.Next(1, 8); i++)
            {
                var gang = Gang(random.Next(1, 7), random.Next(1, 3));
                var placement = TrainingCatalog.Create("spread").Place(gang, [.. free.Values]);
                if (placement.Failure != PlacementFailure.None) continue;
                foreach (var (id, workers) in placement.Groups) free[id] = free[id] with { FreeGpus = free[id].FreeGpus - workers * gang.GpusPerWorker };
                running.Add(new($"g{i}", gang, placement.Groups));
            }
            var wanted = Gang(random.Next(1, 4), random.Next(4, 9));
            if (GangConsolidation.Plan(wanted, [.. free.Values], running, strategy) is not { } plan) continue;
            found++;
            var held = all.ToDictionary(n => n.Id, _ => 0);
            foreach (var gang in running)
            {
                var groups = plan.Moves.FirstOrDefault(m => m.Id == gang.Id)?.Placement.Groups ?? gang.Groups;
                Assert.AreEqual(gang.Groups.Sum(g => g.Workers), groups.Sum(g => g.Workers), "none of its workers is lost");
                foreach (var (id, workers) in groups) held[id] += workers * gang.Gang.GpusPerWorker;
            }
            foreach (var (id, workers) in plan.Placement.Groups) held[id] += workers * wanted.GpusPerWorker;
            Assert.IsTrue(held.Values.All(g => g <= 8), $"instance {instance}: {string.Join(' ', held.Values)}");
            Assert.AreEqual(wanted.Workers, plan.Placement.Workers);
        }
        Assert.IsGreaterThan(50, found);
    }

    private static GangPlacement Placed(int workers, params TrainingNode[] nodes)
    {
        var placement = TrainingCatalog.Create("topology_best_fit").Place(Gang(workers), nodes);
        Assert.AreEqual(PlacementFailure.None, placement.Failure);
        return placement;
    }
}
