using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Policies;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

[TestClass]
public sealed class ModelGrainTests
{
    [TestMethod]
    public async Task Put_HundredAtOnceWithOneVersion_ExactlyOneWins()
    {
        var name = Unique("org/model");
        Assert.AreEqual(PolicyStatus.Accepted, (await Model(name).Put(new() { Replicas = 0 }, PolicyVersions.None, "test")).Status);

        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Model(name).Put(new() { Replicas = 0, Revision = $"{i}" }, 1, "test")));

        Assert.AreEqual(1, results.Count(r => r.Status == PolicyStatus.Accepted));
        Assert.AreEqual(99, results.Count(r => r is { Status: PolicyStatus.Conflict, CurrentVersion: 2 }));
    }

    [TestMethod]
    public async Task RegisteredModel_IsLoaded_Learned_AndUnloadedWhenItIsDeleted()
    {
        var (name, node, foreign) = (Unique("model"), Unique("node"), Unique("foreign"));
        await using var agent = await ModelAgent.StartAsync(node, null, foreign);
        await Model(name).Put(new() { Nodes = [node], VramBytes = 10L << 30 }, PolicyVersions.None, "ann");

        var status = await StatusAsync(name, s => s is { ReadyReplicas: 1 }, "one replica is ready");
        Assert.AreEqual((1, 0, ModelReplicaState.Loaded), (status.DesiredReplicas, status.UnplacedReplicas, status.Replicas.Single().State));
        Assert.AreEqual(("H100", 4.0), await EventuallyAsync(async () => await Model(name).ColdStarts() is [var c, ..] ? (c.Gpu, c.Seconds) : default, c => c.Seconds > 0, "the load is remembered"));

        await Model(name).Delete(1, "bob");
        await EventuallyAsync(() => Task.FromResult(agent.Loaded.Keys.ToArray()), l => !l.Contains(name), "it is unloaded");

        CollectionAssert.AreEqual(new[] { foreign }, agent.Loaded.Keys.ToArray(), "what nobody registered is left alone");
        CollectionAssert.AreEqual(new[] { ModelAction.Load, ModelAction.Unload }, agent.Commands.Select(c => c.Action).ToArray(), "each once");
        var events = await EventuallyAsync(
            async () => (await EventsAsync()).Where(e => e.Subject == name).Select(e => e.Type).ToHashSet(),
            e => e.Count >= 5, "events");
        Assert.IsTrue(events.IsSupersetOf([EventTypes.ModelRegistered, EventTypes.ModelRemoved, EventTypes.ModelCommandDone, EventTypes.ModelLoaded, EventTypes.ModelUnloaded]), string.Join(' ', events));
    }

    [TestMethod]
    public async Task Load_ThatFails_IsShown_AndAnotherNodeTakesOver()
    {
        var (name, bad, good) = (Unique("model"), Unique("node-a"), Unique("node-b"));
        await using var failing = await ModelAgent.StartAsync(bad, _ => "triton: LoadModel failed: no such model");
        await Model(name).Put(new() { Nodes = [bad, good] }, PolicyVersions.None, "test");
        var status = await StatusAsync(name, s => s is { UnplacedReplicas: 1, Replicas: [{ State: ModelReplicaState.Failed }] }, "the failure is shown");
        StringAssert.Contains(status.Replicas.Single().Error, "no such model");
        Assert.AreEqual(1, status.Reasons["failing"]);

        await using var working = await ModelAgent.StartAsync(good);
        await StatusAsync(name, s => s is { ReadyReplicas: 1 }, "the other node has it");
        await Model(name).Delete(PolicyVersions.Any, "test");
    }

    [TestMethod]
    public async Task Planner_TooLittleMemoryOrNobodyInControl_SaysWhy()
    {
        var (name, node) = (Unique("model"), Unique("node"));
        await using var agent = await ModelAgent.StartAsync(node);
        await Model(name).Put(new() { Nodes = [node, Unique("nobody")], VramBytes = 79L << 30 }, PolicyVersions.None, "test");
        var status = await StatusAsync(name, s => s?.Reasons.ContainsKey("memory") ?? false, "no room");
        Assert.AreEqual((1, 0), (status.UnplacedReplicas, agent.Commands.Count));

        var preview = await Planner.DryRun(name, new() { Nodes = [node], VramBytes = 60L << 30 });
        Assert.AreEqual((node, ModelAction.Load, name), (preview.Actions.Single(a => a.Command.Model == name).Node, preview.Actions.Single(a => a.Command.Model == name).Command.Action, preview.Actions.Single(a => a.Command.Model == name).Command.Model));
        Assert.IsEmpty(agent.Commands, "a dry run does nothing");
        await Model(name).Delete(PolicyVersions.Any, "test");
    }

    [TestMethod]
    public async Task Execute_UnregisteredModel_WaitsForTheResult()
    {
        var (name, node) = (Unique("model"), Unique("node"));
        await using var agent = await ModelAgent.StartAsync(node, c => c.Model.StartsWith("bad", StringComparison.Ordinal) ? "no such model" : "");
        var grain = Client.GetGrain<INodeModelsGrain>(node);
        await EventuallyAsync(grain.Get, s => s.Runtimes.Count == 1, "the agent is heard of");
        ModelCommand Load(string model) => new() { Action = ModelAction.Load, Endpoint = $"http://{node}:8000", Model = model };

        var results = await grain.Execute([Load(name), Load("bad"), Load(name) with { Endpoint = "http://elsewhere" }, Load(name) with { Action = ModelAction.Sleep }], TimeSpan.FromSeconds(20));

        Assert.IsTrue(results[0]!.IsDone);
        Assert.AreEqual("no such model", results[1]!.Error);
        Assert.IsTrue(results[2]!.Unsupported && results[3]!.Unsupported);
        Assert.IsTrue(agent.Loaded.ContainsKey(name));
    }

    private static IModelPlannerGrain Planner => Client.GetGrain<IModelPlannerGrain>(IModelPlannerGrain.Key);

    private static IModelGrain Model(string name) => Client.GetGrain<IModelGrain>(name);

    private static async Task<ModelStatus> StatusAsync(string name, Func<ModelStatus?, bool> condition, string what) =>
        (await EventuallyAsync(async () => (await Planner.Status(name)) is [var status] ? status : null, condition, what))!;
}
