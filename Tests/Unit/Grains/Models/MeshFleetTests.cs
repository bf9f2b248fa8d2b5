using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Models;
using InferMesh.Strategies.Models;
using FakeCells = InferMesh.Tests.Unit.Api.Fakes.Cells;

namespace InferMesh.Tests.Unit.Grains.Models;

[TestClass]
public sealed class MeshFleetTests
{
    private const string Endpoint = "http://n1:8000";
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ControlledRuntime Triton = new(Endpoint, "triton", "H100", [ModelAction.Load, ModelAction.Unload]);

    private readonly MeshFleetBuilder _builder = new();

    [TestMethod]
    public void Build_NodeWithControl_HasItsGpusRuntimesAndCommands()
    {
        var commands = new NodeModels
        {
            NodeId = "n1",
            Runtimes = [Triton],
            UnderWay = [new() { Action = ModelAction.Load, Endpoint = Endpoint, Model = "coming" }, new() { Action = ModelAction.Unload, Endpoint = Endpoint, Model = "m" }],
            Failures =
            [
                new(new() { Action = ModelAction.Load, Endpoint = Endpoint, Model = "broken" }, "no such model", Start, 1, Start.AddSeconds(5)),
                new(new() { Action = ModelAction.Load, Endpoint = Endpoint, Model = "again" }, "no such model", Start, 1, Start),
            ],
        };
        var node = Build(commands, Node(NodeHealth.Ready, healthy: true, new ModelSample { Model = "m", LoraAdapters = ["sql"] })).Nodes.Single();

        var runtime = node.Runtimes.Single();
        Assert.IsTrue(runtime.Operations!.SetEquals([ModelOperation.Load, ModelOperation.Unload]));
        Assert.IsTrue(runtime.Models.Single(m => m.Name == "coming") is { Loading: true, Loaded: false });
        Assert.IsTrue(runtime.Models.Single(m => m.Name == "m") is { Unloading: true, Loaded: true, Adapters.Count: 1 });
        CollectionAssert.AreEqual(new[] { "broken" }, runtime.Failing.ToArray());
        Assert.AreEqual(new FleetGpu(80, 40, "1g.10gb"), node.Gpus.Single(), "a GPU that is lost is none");
    }

    [TestMethod]
    public void Build_NodeWithoutAgent_ComesFromItsCell_AndOnlyOnce()
    {
        var cell = FakeCells.Of("c1", "m", FakeCells.Node("n1", "c1"), FakeCells.Node("n2", "c1"));
        var fleet = _builder.Build(new([cell], [Node(NodeHealth.Ready, true)], new Dictionary<string, NodeModels> { ["n1"] = new() { NodeId = "n1", Runtimes = [Triton] } }), Start);

        CollectionAssert.AreEqual(new[] { "n1", "n2" }, fleet.Nodes.Select(n => n.Id).ToArray());
        Assert.IsNull(fleet.Nodes[1].Runtimes.Single().Operations);
        Assert.AreEqual(new ReplicaLoad(4, 2, 8, double.NaN), fleet.Loads["m"].Single());
    }

    [TestMethod]
    [DataRow(NodeHealth.Ready, true, true)]
    [DataRow(NodeHealth.Suspect, true, false)]
    [DataRow(NodeHealth.Offline, false, false)]
    [DataRow(NodeHealth.Cordoned, false, false)]
    [DataRow(NodeHealth.Draining, false, false)]
    [DataRow(NodeHealth.Joining, false, false)]
    [DataRow(NodeHealth.Quarantined, false, false)]
    [DataRow(NodeHealth.Probing, false, false)]
    [DataRow(NodeHealth.Maintenance, false, false)]
    public void Build_Health_DecidesWhatCountsAndWhatIsTaken(NodeHealth health, bool counts, bool ready)
    {
        var fleet = Build(new() { NodeId = "n1", Runtimes = [Triton] }, Node(health, true, new ModelSample { Model = "m" }));
        Assert.AreEqual((counts, ready), (fleet.Nodes[0].Counts, fleet.Nodes[0].Ready));
        Assert.AreEqual(counts, fleet.Loads.ContainsKey("m"));
    }

    [TestMethod]
    public void Build_RuntimeThatDoesNotAnswer_KeepsWhatItHadForAMinute()
    {
        var commands = new NodeModels { NodeId = "n1", Runtimes = [Triton] };
        Build(commands, Node(NodeHealth.Ready, true, new ModelSample { Model = "m" }));

        var soon = Build(commands, Start + MeshFleetBuilder.Patience, Node(NodeHealth.Ready, false));
        var later = Build(commands, Start + MeshFleetBuilder.Patience + TimeSpan.FromSeconds(1), Node(NodeHealth.Ready, false));

        Assert.IsTrue(soon.Nodes[0].Runtimes[0].Models.Single().Loaded);
        Assert.IsFalse(soon.Loads.ContainsKey("m"), "nobody knows its load");
        Assert.IsEmpty(later.Nodes[0].Runtimes[0].Models);
    }

    [TestMethod]
    public void Build_RuntimeThatAnswers_HasWhatItSays()
    {
        var commands = new NodeModels { NodeId = "n1", Runtimes = [Triton] };
        Build(commands, Node(NodeHealth.Ready, true, new ModelSample { Model = "m" }));
        Assert.IsFalse(Build(commands, Start.AddSeconds(1), Node(NodeHealth.Ready, true, new ModelSample { Model = "m", Loaded = false })).Nodes[0].Runtimes[0].Models.Single().Loaded);
    }

    [TestMethod]
    public void Statuses_EveryState_IsShownWithItsError()
    {
        var commands = new NodeModels
        {
            NodeId = "n1",
            Runtimes = [Triton],
            Failures = [new(new() { Action = ModelAction.Load, Endpoint = Endpoint, Model = "m" }, "no such model", Start, 1, Start.AddSeconds(5))],
        };
        var fleet = Build(commands, Node(NodeHealth.Ready, true));
        var outcome = ModelPlanner.Plan([new() { Name = "m", Replicas = 1 }], fleet.Nodes).Models.Single();

        var status = ModelStatuses.Of(outcome, fleet, new Dictionary<string, NodeModels> { ["n1"] = commands }, null, Start);

        Assert.AreEqual(new ModelReplicaStatus("n1", Endpoint, "triton", ModelReplicaState.Failed, "no such model"), status.Replicas.Single());
        Assert.AreEqual(("failing", 1, 1), (status.Reasons.Single().Key, status.Reasons.Single().Value, status.UnplacedReplicas));
    }

    [TestMethod]
    public void Enums_OfContractsAndPlanner_AreTheSame()
    {
        CollectionAssert.AreEqual(Enum.GetNames<ModelOperation>(), Enum.GetNames<ModelAction>());
        CollectionAssert.AreEqual(Enum.GetNames<ModelSpread>(), Enum.GetNames<ModelAntiAffinity>());
    }

    private MeshFleet Build(NodeModels commands, NodeView node) => Build(commands, Start, node);

    private MeshFleet Build(NodeModels commands, DateTimeOffset now, NodeView node) => _builder.Build(new([], [node], new Dictionary<string, NodeModels> { ["n1"] = commands }), now);

    private static NodeView Node(NodeHealth health, bool healthy, params ModelSample[] models) => new()
    {
        Registration = new() { NodeId = "n1", CellId = "c1" },
        Health = health,
        Gpus = [new() { GpuUuid = "a", VramTotalBytes = 80, VramUsedBytes = 40, MigProfile = "1g.10gb" }, new() { GpuUuid = "b", Lost = true, VramTotalBytes = 80 }],
        Runtimes = [new() { Runtime = "triton", Endpoint = Endpoint, Healthy = healthy, Models = models }],
    };
}
