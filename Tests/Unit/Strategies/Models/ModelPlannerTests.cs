using CsCheck;
using InferMesh.Strategies.Models;

namespace InferMesh.Tests.Unit.Strategies.Models;

[TestClass]
public sealed class ModelPlannerTests
{
    private const long GiB = 1L << 30;

    private static readonly ModelDemand Demand = new() { Name = "m", Replicas = 1, VramBytes = 16 * GiB, KvHeadroom = 0.1 };

    [TestMethod]
    public void Plan_EmptyFleet_LeavesEverythingUnplaced()
    {
        var plan = ModelPlanner.Plan([Demand with { Replicas = 3 }], []);
        Assert.IsEmpty(plan.Actions);
        Assert.AreEqual((3, 0, 0, 3), (plan.Models[0].Desired, plan.Models[0].Ready, plan.Models[0].Coming, plan.Models[0].Unplaced));
    }

    [TestMethod]
    public void Plan_FreeNodes_LoadsWhereMostMemoryIsLeft_AndSpreads()
    {
        var plan = ModelPlanner.Plan([Demand with { Replicas = 2, Source = "s3://x" }], [Node("a", Gpu(80, 60)), Node("b", Gpu(80, 10)), Node("c", Gpu(80, 30))]);
        CollectionAssert.AreEqual(
            new[] { new PlannedAction("b", "http://b", ModelOperation.Load, "m", "", "s3://x"), new PlannedAction("c", "http://c", ModelOperation.Load, "m", "", "s3://x") }, plan.Actions.ToArray());
        Assert.IsEmpty(plan.Models[0].Reasons);
    }

    [TestMethod]
    public void Plan_TwoModels_NeverClaimTheSameMemory()
    {
        var plan = ModelPlanner.Plan([Demand with { Name = "a", VramBytes = 50 * GiB }, Demand with { Name = "b", VramBytes = 50 * GiB }], [Node("n", Gpu(80, 0))]);
        Assert.AreEqual("a", plan.Actions.Single().Model);
        Assert.AreEqual((1, 1), (plan.Models[1].Unplaced, plan.Models[1].Reasons[PlacementReason.Memory]));
    }

    [TestMethod]
    public void Plan_WhatIsBeingLoaded_HasItsMemoryBeforeAllOthers()
    {
        var node = Node("n", Gpu(80, 0), new FleetModel { Name = "z", Loading = true });
        var plan = ModelPlanner.Plan([Demand with { Name = "a", VramBytes = 50 * GiB }, Demand with { Name = "z", VramBytes = 50 * GiB }], [node]);
        Assert.IsEmpty(plan.Actions);
        Assert.AreEqual((1, 1), (plan.Models[0].Unplaced, plan.Models[1].Coming));
    }

    [TestMethod]
    public void Plan_HeadroomIsMissing_IsNotPlaced()
    {
        Assert.IsNotEmpty(ModelPlanner.Plan([Demand with { VramBytes = 72 * GiB }], [Node("n", Gpu(80, 0))]).Actions);
        Assert.IsEmpty(ModelPlanner.Plan([Demand with { VramBytes = (72 * GiB) + 1 }], [Node("n", Gpu(80, 0))]).Actions);
    }

    [TestMethod]
    public void Plan_SeveralGpusPerReplica_NeedRoomOnEach()
    {
        var big = Demand with { VramBytes = 140 * GiB, GpusPerReplica = 2 };
        Assert.IsEmpty(ModelPlanner.Plan([big], [Node("n", [Gpu(80, 0), Gpu(80, 20)])]).Actions);
        Assert.IsNotEmpty(ModelPlanner.Plan([big], [Node("n", [Gpu(80, 0), Gpu(80, 20), Gpu(80, 1)])]).Actions);
    }

    [TestMethod]
    public void Plan_MigProfile_TakesItsSlicesOnly()
    {
        FleetGpu slice = new(20 * GiB, 0, "2g.20gb");
        Assert.IsNotEmpty(ModelPlanner.Plan([Demand with { MigProfile = "2g.20gb" }], [Node("n", [Gpu(80, 80), slice])]).Actions);
        Assert.AreEqual(1, ModelPlanner.Plan([Demand with { MigProfile = "3g.40gb" }], [Node("n", [Gpu(80, 0), slice])]).Models[0].Reasons[PlacementReason.MigProfile]);
        Assert.IsEmpty(ModelPlanner.Plan([Demand], [Node("n", [slice])]).Actions, "a slice is no whole GPU");
    }

    [TestMethod]
    public void Plan_EveryRejection_IsCountedOnceUnderItsReason()
    {
        var demand = Demand with { Replicas = 9, Nodes = ["labels", "down", "cordoned", "foreign", "kind", "cannot", "unknown", "full", "failing"], Labels = new Dictionary<string, string> { ["pool"] = "x" }, Runtimes = ["triton", "tgi"] };
        FleetNode Labelled(FleetNode node) => node with { Labels = demand.Labels };
        FleetNode[] fleet =
        [
            Labelled(Node("elsewhere", Gpu(80, 0))), Node("labels", Gpu(80, 0)), Labelled(Node("cordoned", Gpu(80, 0)) with { Ready = false, Counts = false }),
            Labelled(With(Node("foreign", Gpu(80, 0)), r => r with { Operations = null })), Labelled(With(Node("kind", Gpu(80, 0)), r => r with { Kind = "ovms" })),
            Labelled(With(Node("cannot", Gpu(80, 0)), r => r with { Kind = "tgi", Operations = new HashSet<ModelOperation>() })),
            Labelled(With(Node("down", Gpu(80, 0)), r => r with { Healthy = false })), Labelled(Node("unknown", new FleetGpu(80 * GiB, null))), Labelled(Node("full", Gpu(80, 70))),
            Labelled(With(Node("failing", Gpu(80, 0)), r => r with { Failing = ["m"] })),
        ];
        var plan = ModelPlanner.Plan([demand], fleet);
        Assert.IsEmpty(plan.Actions);
        CollectionAssert.AreEquivalent(
            new[]
            {
                PlacementReason.NotPinned, PlacementReason.Labels, PlacementReason.NotReady, PlacementReason.NotControlled, PlacementReason.RuntimeKind, PlacementReason.CannotLoad,
                PlacementReason.RuntimeDown, PlacementReason.MemoryUnknown, PlacementReason.Memory, PlacementReason.Failing,
            },
            plan.Models[0].Reasons.Keys.ToArray());
        Assert.AreEqual(fleet.Length, plan.Models[0].Reasons.Values.Sum());
    }

    [TestMethod]
    [DataRow(ModelSpread.Node, 3)]
    [DataRow(ModelSpread.FailureDomain, 2)]
    [DataRow(ModelSpread.Zone, 1)]
    public void Plan_Spread_PlacesOneInEachDomain(ModelSpread spread, int places)
    {
        FleetNode[] fleet = [.. new[] { ("a", "r1"), ("b", "r1"), ("c", "r2") }.Select(n => Node(n.Item1, Gpu(80, 0)) with { FailureDomain = n.Item2, Zone = "z" })];
        var plan = ModelPlanner.Plan([Demand with { Replicas = 3, Spread = spread }], fleet);
        Assert.HasCount(places, plan.Actions);
        Assert.AreEqual(3 - places, plan.Models[0].Unplaced);
    }

    [TestMethod]
    public void Plan_WhatNobodyRegistered_IsLeftAlone() =>
        Assert.IsEmpty(ModelPlanner.Plan([Demand with { Replicas = 0 }], [Node("n", Gpu(80, 0), Loaded("other"))]).Actions);

    [TestMethod]
    public void Plan_NoReplicasWanted_UnloadsThemAll_AlsoWhereWorkIsKeptAway()
    {
        var plan = ModelPlanner.Plan([Demand with { Replicas = 0 }], [Node("a", Gpu(80, 0), Loaded("m")), Node("b", Gpu(80, 0), Loaded("m")) with { Counts = false, Ready = false }]);
        Assert.AreEqual("a Unload,b Unload", string.Join(',', plan.Actions.Select(a => $"{a.Node} {a.Operation}")));
    }

    [TestMethod]
    public void Plan_ReplicaOnADrainedNode_IsReplaced_AndStaysForLater()
    {
        var plan = ModelPlanner.Plan([Demand], [Node("a", Gpu(80, 0), Loaded("m")) with { Counts = false, Ready = false }, Node("b", Gpu(80, 0))]);
        Assert.AreEqual("b Load", string.Join(',', plan.Actions.Select(a => $"{a.Node} {a.Operation}")));
    }

    [TestMethod]
    public void Plan_PinsMoved_LoadsFirstAndUnloadsAfterwards()
    {
        var demand = Demand with { Nodes = ["b"] };
        var (a, b) = (Node("a", Gpu(80, 16), Loaded("m")), Node("b", Gpu(80, 0)));
        Assert.AreEqual("b Load", Text(ModelPlanner.Plan([demand], [a, b])));
        Assert.AreEqual("", Text(ModelPlanner.Plan([demand], [a, Node("b", Gpu(80, 0), new FleetModel { Name = "m", Loading = true })])));
        Assert.AreEqual("a Unload", Text(ModelPlanner.Plan([demand], [a, Node("b", Gpu(80, 16), Loaded("m"))])));
    }

    [TestMethod]
    public void Plan_WrongRevisionOnTheOnlyRuntime_IsUnloadedForTheRightOne()
    {
        var demand = Demand with { Revision = "v2" };
        Assert.AreEqual("a Unload", Text(ModelPlanner.Plan([demand], [Node("a", Gpu(80, 0), Loaded("m") with { Revision = "v1" })])));
        Assert.AreEqual("", Text(ModelPlanner.Plan([demand], [Node("a", Gpu(80, 0), Loaded("m"))])), "a runtime that does not tell");
    }

    [TestMethod]
    public void Plan_ReplicasThatNobodyControls_Count()
    {
        var foreign = With(Node("a", Gpu(80, 0), Loaded("m")), r => r with { Operations = null });
        Assert.AreEqual("", Text(ModelPlanner.Plan([Demand], [foreign, Node("b", Gpu(80, 0))])));
        Assert.AreEqual("b Unload", Text(ModelPlanner.Plan([Demand], [foreign, Node("b", Gpu(80, 0), Loaded("m"))])), "the one that can be taken away goes");
    }

    [TestMethod]
    public void Plan_SleepingRuntime_IsWokenAndPutToSleep()
    {
        var sleeper = With(Node("a", Gpu(80, 0), new FleetModel { Name = "m" }), r => r with { Kind = "vllm", Healthy = false, Operations = new HashSet<ModelOperation> { ModelOperation.Sleep, ModelOperation.Wake } });
        Assert.AreEqual("a Wake", Text(ModelPlanner.Plan([Demand], [sleeper])));
        Assert.AreEqual("a Sleep", Text(ModelPlanner.Plan([Demand with { Replicas = 0 }], [With(sleeper, r => r with { Healthy = true, Models = [Loaded("m")] })])));
        Assert.AreEqual("", Text(ModelPlanner.Plan([Demand with { Name = "other" }], [sleeper])), "it has no other model");
    }

    [TestMethod]
    public void Plan_Adapters_AreAddedToReadyReplicas_AndRetiredOnesTakenAway()
    {
        var demand = Demand with { Adapters = new Dictionary<string, string> { ["new"] = "s3://new", ["there"] = "s3://there" }, RetiredAdapters = ["old"] };
        var node = With(
            Node("a", Gpu(80, 0), Loaded("m") with { Adapters = ["there", "old", "foreign"] }),
            r => r with { Kind = "vllm", Operations = new HashSet<ModelOperation> { ModelOperation.LoadAdapter, ModelOperation.UnloadAdapter } });
        CollectionAssert.AreEqual(
            new[] { new PlannedAction("a", "http://a", ModelOperation.LoadAdapter, "m", "new", "s3://new"), new PlannedAction("a", "http://a", ModelOperation.UnloadAdapter, "m", "old", "") },
            ModelPlanner.Plan([demand], [node]).Actions.ToArray());
    }

    [TestMethod]
    public void Plan_AnyFleet_IsDeterministicAndWithinItsLimits() => Fleets.Sample(input =>
    {
        var plan = ModelPlanner.Plan(input.Demands, input.Nodes);
        var again = ModelPlanner.Plan(input.Demands.Reverse(), input.Nodes.Reverse());
        CollectionAssert.AreEqual(plan.Actions.ToArray(), again.Actions.ToArray());
        foreach (var action in plan.Actions.Where(a => a.Operation == ModelOperation.Load))
        {
            var (demand, node) = (input.Demands.Single(d => d.Name == action.Model), input.Nodes.Single(n => n.Id == action.Node));
            Assert.IsTrue(node.Ready && (demand.Nodes.Count == 0 || demand.Nodes.Contains(node.Id)), "a forbidden node");
            Assert.IsTrue(node.Runtimes.Single(r => r.Endpoint == action.Endpoint).Healthy);
        }
        foreach (var node in input.Nodes)
        {
            var sum = plan.Actions.Where(a => a.Node == node.Id && a.Operation == ModelOperation.Load).Sum(a => input.Demands.Single(d => d.Name == a.Model).VramBytes);
            var free = node.Gpus.Sum(g => g.TotalBytes - g.UsedBytes) ?? 0;
            Assert.IsLessThanOrEqualTo(free, sum, node.Id);
        }
        foreach (var outcome in plan.Models) Assert.AreEqual(outcome.Unplaced > 0 ? input.Nodes.Length : 0, outcome.Reasons.Values.Sum(), "every node has one reason");
    });

    [TestMethod]
    public void Plan_CarriedOut_ComesToRest() => Fleets.Sample(input =>
    {
        var nodes = input.Nodes;
        for (var round = 0; round < 4; round++)
        {
            var plan = ModelPlanner.Plan(input.Demands, nodes);
            if (plan.Actions.Count == 0 && round > 0) return;
            nodes = [.. nodes.Select(n => CarryOut(n, plan, input.Demands))];
        }
        Assert.IsEmpty(ModelPlanner.Plan(input.Demands, nodes).Actions);
    });

    private static Gen<(ModelDemand[] Demands, FleetNode[] Nodes)> Fleets { get; } =
        Gen.Select(
            Gen.Select(Gen.Int[0, 4], Gen.Int[1, 90], Gen.Int[0, 3], Gen.Bool).Array[1, 5],
            Gen.Select(Gen.Int[1, 4], Gen.Int[0, 80], Gen.Int[0, 9], Gen.Int[0, 3]).Array[0, 7],
            (demands, nodes) => (
                demands.Select((d, i) => new ModelDemand
                {
                    Name = $"m{i}",
                    Replicas = d.Item1,
                    VramBytes = d.Item2 * GiB,
                    KvHeadroom = 0.1,
                    Spread = (ModelSpread)d.Item3,
                    Nodes = d.Item4 ? ["n0", "n2", "n4"] : [],
                }).ToArray(),
                nodes.Select((n, i) => Made(i, n.Item1, n.Item2, n.Item3, n.Item4)).ToArray()));

    private static FleetNode Made(int index, int gpus, int used, int kind, int domain)
    {
        FleetModel[] models = kind switch
        {
            0 or 1 or 2 => [Loaded($"m{kind}"), Loaded("m4")],
            3 => [new() { Name = "m0", Loading = true }],
            4 => [Loaded("other")],
            5 => [new() { Name = "m1", Loaded = true, Unloading = true }],
            _ => [],
        };
        var node = Node($"n{index}", [.. Enumerable.Repeat(Gpu(80, used), gpus)], models);
        return node with { FailureDomain = $"d{domain}", Zone = $"z{domain % 2}", Ready = kind != 9, Counts = kind != 9 };
    }

    private static FleetNode CarryOut(FleetNode node, ModelPlan plan, ModelDemand[] demands)
    {
        var models = node.Runtimes.Single().Models.Where(m => !m.Unloading).Select(m => m with { Loaded = true, Loading = false }).ToList();
        var gpus = node.Gpus.ToArray();
        foreach (var action in plan.Actions.Where(a => a.Node == node.Id))
        {
            var bytes = demands.Single(d => d.Name == action.Model).VramBytes;
            if (action.Operation == ModelOperation.Unload)
            {
                models.RemoveAll(m => m.Name == action.Model);
                continue; // What it frees is not counted: the plan may not rely on it.
            }
            models.Add(Loaded(action.Model));
            var at = Array.IndexOf(gpus, gpus.MinBy(g => g.UsedBytes));
            gpus[at] = gpus[at] with { UsedBytes = gpus[at].UsedBytes + bytes };
        }
        return With(node, r => r with { Models = models }) with { Gpus = gpus };
    }

    private static string Text(ModelPlan plan) => string.Join(',', plan.Actions.Select(a => $"{a.Node} {a.Operation}"));

    private static FleetGpu Gpu(long total, long used) => new(total * GiB, used * GiB);

    private static FleetModel Loaded(string name) => new() { Name = name, Loaded = true };

    private static FleetNode Node(string id, FleetGpu gpu, params FleetModel[] models) => Node(id, [gpu], models);

    private static FleetNode Node(string id, FleetGpu[] gpus, params FleetModel[] models) => new()
    {
        Id = id,
        Ready = true,
        Counts = true,
        Gpus = gpus,
        Runtimes = [new() { Kind = "triton", Endpoint = $"http://{id}", Healthy = true, Operations = new HashSet<ModelOperation> { ModelOperation.Load, ModelOperation.Unload }, Models = models }],
    };

    private static FleetNode With(FleetNode node, Func<FleetRuntime, FleetRuntime> change) => node with { Runtimes = [.. node.Runtimes.Select(change)] };
}
