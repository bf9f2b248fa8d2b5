using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

[TestClass]
public sealed class NodeGrainTests
{
    [TestMethod]
    public async Task Register_ThenList_StandsInDirectoryAndCell()
    {
        var (node, cell) = (Unique("node"), Unique("cell"));
        await RegisterAsync(node, cell);

        CollectionAssert.Contains((await Client.GetGrain<IDirectoryGrain>(DirectoryKeys.Cells).List()).Names.ToArray(), cell);
        CollectionAssert.AreEqual(new[] { node }, (await Client.GetGrain<IDirectoryGrain>(DirectoryKeys.NodesOf(cell)).List()).Names.ToArray());
        var snapshot = await EventuallyAsync(() => Client.GetGrain<ICellSummaryGrain>(cell).Snapshot(), s => s.Nodes.Health.Length == 1, "one node in the cell");
        Assert.AreEqual(NodeHealth.Joining, snapshot.Nodes.Health[0]);
    }

    [TestMethod]
    public async Task Register_BadFields_NamesAllOfThem()
    {
        var node = Unique("node");
        var result = await Client.GetGrain<INodeGrain>(node).Register(
            new() { NodeId = node, CellId = "no spaces", Zone = "/", Roles = ["king"], Labels = new Dictionary<string, string> { [""] = "x" } }, "test");

        Assert.AreEqual(NodeCommandStatus.Invalid, result.Status);
        CollectionAssert.AreEquivalent(new[] { "cell", "zone", "roles", "labels" }, result.Errors.Select(e => e.Field).ToArray());
        Assert.IsNull(await Client.GetGrain<INodeGrain>(node).Get());
    }

    [TestMethod]
    public async Task Register_InAnotherCell_Moves()
    {
        var (node, from, to) = (Unique("node"), Unique("cell"), Unique("cell"));
        await RegisterAsync(node, from);
        await RegisterAsync(node, to);

        await EventuallyAsync(() => Client.GetGrain<ICellSummaryGrain>(from).Snapshot(), s => s.Nodes.Health.Length == 0, "old cell empty");
        await EventuallyAsync(() => Client.GetGrain<ICellSummaryGrain>(to).Snapshot(), s => s.Nodes.Health.Length == 1, "new cell has it");
    }

    [TestMethod]
    public async Task Register_InAnotherCell_OldCellDoesNotAnswer_RepeatedCallFinishesTheMove()
    {
        var (node, from, to) = (Unique("node"), Unique("cell"), Unique("cell"));
        await RegisterAsync(node, from);
        await EventuallyAsync(() => NodesAsync(from), n => n.Contains(node), "stands in its cell");
        FailingCalls.FailNext($"cell-summary/{from}", nameof(ICellSummaryGrain.Forget));
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => RegisterAsync(node, to));

        await RegisterAsync(node, to);
        CollectionAssert.DoesNotContain(await NodesAsync(from), node);
        await EventuallyAsync(() => NodesAsync(to), n => n.Contains(node), "stands in its new cell");
    }

    [TestMethod]
    public async Task Remove_CellDoesNotAnswer_RepeatedCallFinishesIt()
    {
        var (node, cell) = (Unique("node"), Unique("cell"));
        var grain = await RegisterAsync(node, cell);
        await EventuallyAsync(() => NodesAsync(cell), n => n.Contains(node), "stands in its cell");
        FailingCalls.FailNext($"cell-summary/{cell}", nameof(ICellSummaryGrain.Forget));
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => grain.Remove(force: true, "test"));

        Assert.AreEqual(NodeCommandStatus.Accepted, (await grain.Remove(force: true, "test")).Status);
        CollectionAssert.DoesNotContain(await NodesAsync(cell), node);
        Assert.AreEqual(NodeCommandStatus.NotFound, (await grain.Remove(force: true, "test")).Status);
    }

    [TestMethod]
    public async Task Register_AfterRemoval_KnowsNothingOfTheFormerLife()
    {
        var (node, model) = (Unique("node"), Unique("model"));
        var grain = await RegisterAsync(node, Unique("cell"));
        await ReportAsync(Telemetry(node, model, sequence: 500));
        await EventuallyAsync(() => grain.Get(), v => v!.Sequence == 500, "reported");
        await grain.Remove(force: true, "test");

        await RegisterAsync(node, Unique("cell"));
        var view = (await grain.Get())!;
        Assert.AreEqual((NodeHealth.Joining, 0, 0L), (view.Health, view.Runtimes.Count, view.Sequence));
        await ReportAsync(Telemetry(node, model, sequence: 1));
        await EventuallyAsync(() => grain.Get(), v => v!.Sequence == 1, "its numbers begin anew");
    }

    [TestMethod]
    public async Task Telemetry_OlderOrEqual_IsDropped()
    {
        var (node, model) = (Unique("node"), Unique("model"));
        var grain = await RegisterAsync(node, Unique("cell"));
        await ReportAsync(Telemetry(node, model, sequence: 5, running: 5));
        await ReportAsync(Telemetry(node, model, sequence: 4, running: 4));
        await ReportAsync(Telemetry(node, model, sequence: 5, running: 6));
        var view = await EventuallyAsync(() => grain.Get(), v => v!.DroppedBatches == 2, "two batches dropped");
        Assert.AreEqual(5d, view!.Runtimes[0].Models[0].Running);

        // A restarted agent begins its numbers anew in a newer epoch.
        await ReportAsync(Telemetry(node, model, sequence: 1, running: 7, epoch: 2));
        view = await EventuallyAsync(() => grain.Get(), v => v!.Epoch == 2, "newer epoch");
        Assert.AreEqual(7d, view!.Runtimes[0].Models[0].Running);
    }

    [TestMethod]
    public async Task Telemetry_OfUnregisteredNode_IsNotKept()
    {
        var node = Unique("node");
        await ReportAsync(Telemetry(node, "m", 1));
        Assert.IsNull(await Client.GetGrain<INodeGrain>(node).Get());
    }

    [TestMethod]
    public async Task Silence_MakesSuspectThenOffline_AndGetsNoRequest()
    {
        var (quiet, busy, cell, model) = (Unique("node"), Unique("node"), Unique("cell"), Unique("model"));
        await RegisterAsync(quiet, cell);
        await RegisterAsync(busy, cell);
        await using var reporting = KeepReporting(busy, model);
        await using (KeepReporting(quiet, model)) await EventuallyAsync(() => HealthAsync(cell, quiet), h => h == NodeHealth.Ready, "ready");

        await EventuallyAsync(() => HealthAsync(cell, quiet), h => h == NodeHealth.Suspect, "suspect");
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d.Eligible == 1 && d.Targets[0].NodeId == busy, "only the ready node is eligible");
        await EventuallyAsync(() => HealthAsync(cell, quiet), h => h == NodeHealth.Offline, "offline");
        var decision = await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d.Excluded.Any(e => e.Reason == "node_offline"), "excluded as offline");
        Assert.AreEqual(1, decision.Eligible);
    }

    [TestMethod]
    public async Task CordonAndUncordon_TakeOutAndPutBack()
    {
        var (node, model) = (Unique("node"), Unique("model"));
        var grain = await RegisterAsync(node, Unique("cell"));
        await using var reporting = KeepReporting(node, model);
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d.Status == RouteStatus.Routed, "routed");

        Assert.AreEqual(NodeHealth.Cordoned, (await grain.Cordon("maintenance", "test")).Node!.Health);
        var refused = await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d.Status == RouteStatus.NoEligibleTarget, "refused");
        Assert.AreEqual("node_cordoned", refused.Excluded.Single().Reason);

        Assert.AreEqual(NodeHealth.Ready, (await grain.Uncordon("test")).Node!.Health);
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d.Status == RouteStatus.Routed, "routed again");
    }

    [TestMethod]
    public async Task Drain_FinishesWhenTheWorkIsDone_ThenNodeMayBeRemoved()
    {
        var (node, model) = (Unique("node"), Unique("model"));
        var grain = await RegisterAsync(node, Unique("cell"));
        var running = 3d;
        await using var reporting = KeepReporting(node, model, () => Volatile.Read(ref running));
        await EventuallyAsync(() => grain.Get(), v => v!.Health == NodeHealth.Ready, "ready");

        Assert.AreEqual(NodeHealth.Draining, (await grain.Drain(force: false, TimeSpan.FromMinutes(1), "test")).Node!.Health);
        Assert.AreEqual(NodeCommandStatus.Conflict, (await grain.Remove(force: false, "test")).Status);
        Volatile.Write(ref running, 0);
        await EventuallyAsync(() => grain.Get(), v => v!.Drained, "drained");
        Assert.AreEqual(NodeCommandStatus.Accepted, (await grain.Remove(force: false, "test")).Status);
        Assert.IsNull(await grain.Get());
    }

    [TestMethod]
    public async Task Drain_BadTimeout_IsRefused()
    {
        var grain = await RegisterAsync(Unique("node"), Unique("cell"));
        Assert.AreEqual("timeoutSeconds", (await grain.Drain(false, TimeSpan.Zero, "test")).Errors.Single().Field);
    }

    [TestMethod]
    public async Task Commands_OnUnknownNode_SayNotFound()
    {
        var grain = Client.GetGrain<INodeGrain>(Unique("node"));
        Assert.AreEqual(NodeCommandStatus.NotFound, (await grain.Cordon("", "test")).Status);
        Assert.AreEqual(NodeCommandStatus.NotFound, (await grain.Uncordon("test")).Status);
        Assert.AreEqual(NodeCommandStatus.NotFound, (await grain.Drain(false, TimeSpan.FromSeconds(1), "test")).Status);
        Assert.AreEqual(NodeCommandStatus.NotFound, (await grain.Remove(true, "test")).Status);
    }

    [TestMethod]
    public async Task LifeOfNode_IsInTheEventLog()
    {
        var (node, model) = (Unique("node"), Unique("model"));
        var grain = await RegisterAsync(node, Unique("cell"));
        await ReportAsync(Telemetry(node, model, 1));
        await EventuallyAsync(() => EventsAsync(node, model), e => e.Contains(EventTypes.ModelLoaded), "model event");
        await grain.Remove(force: true, "test");
        var types = await EventuallyAsync(() => EventsAsync(node, model), e => e.Contains(EventTypes.NodeLeft), "left");
        Assert.AreEqual(EventTypes.NodeJoined, types[0]);
    }

    private static async Task<NodeHealth> HealthAsync(string cell, string node)
    {
        var nodes = (await Client.GetGrain<ICellSummaryGrain>(cell).Snapshot()).Nodes;
        // A node that has just registered is not in the snapshot yet.
        return Array.FindIndex(nodes.Registration, r => r.NodeId == node) is >= 0 and var at ? nodes.Health[at] : NodeHealth.Joining;
    }

    private static async Task<string[]> NodesAsync(string cell) =>
        [.. (await Client.GetGrain<ICellSummaryGrain>(cell).Snapshot()).Nodes.Registration.Select(r => r.NodeId)];

    private static async Task<List<string>> EventsAsync(params string[] subjects) =>
        [.. (await MeshCluster.EventsAsync()).Where(e => subjects.Contains(e.Subject)).Select(e => e.Type)];
}
