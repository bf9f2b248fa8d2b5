extern alias cli;
using cli::InferMesh.Control.V1;
using Grpc.Core;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Grpc.Control;

[TestClass]
public sealed class ControlPlaneNodesTests
{
    [TestMethod]
    public async Task ListNodes_Pages_VisitAllNodesOnceInOrder()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put([.. Enumerable.Range(0, 25).Select(i => FakeFleet.Node($"n{i:00}", $"c{i % 3}"))]);
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        var seen = new List<string>();
        var token = "";
        do
        {
            var page = await client.ListNodesAsync(new() { PageSize = 10, PageToken = token });
            Assert.AreEqual(25, page.Total);
            seen.AddRange(page.Nodes.Select(n => n.Id));
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        CollectionAssert.AreEqual(Enumerable.Range(0, 25).Select(i => $"n{i:00}").ToArray(), seen);
    }

    [TestMethod]
    public async Task ListNodes_Filters_Narrow()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a", models: new ModelSample { Model = "m" }), FakeFleet.Node("b", "c2", NodeHealth.Offline), FakeFleet.Node("c", "c2"));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        Assert.AreEqual("b,c", string.Join(",", (await client.ListNodesAsync(new() { Cell = "c2" })).Nodes.Select(n => n.Id)));
        Assert.AreEqual("b", (await client.ListNodesAsync(new() { Status = NodeStatus.Offline })).Nodes.Single().Id);
        Assert.AreEqual("m", (await client.ListNodesAsync(new() { Zone = "z1", Role = NodeRole.Gpu, PageSize = 1 })).Nodes.Single().Models.Single());
        Assert.IsEmpty((await client.ListNodesAsync(new() { Cell = "nobody" })).Nodes);
    }

    [TestMethod]
    public async Task ListNodes_NodeThatMoved_StandsInItsNewCellOnly()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Left.Add(FakeFleet.Node("a", "c1", NodeHealth.Offline));
        api.Fleet.Put(FakeFleet.Node("a", "c2") with { Version = 2 });
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        var all = await client.ListNodesAsync(new());
        Assert.AreEqual((1, "c2"), (all.Total, all.Nodes.Single().Cell));
        Assert.IsEmpty((await client.ListNodesAsync(new() { Status = NodeStatus.Offline })).Nodes);
    }

    [TestMethod]
    public async Task ListNodes_BadInput_NamesEveryField()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.ListNodesAsync(new() { PageSize = -1, PageToken = "!!", Status = (NodeStatus)99, Role = (NodeRole)99 }));

        CollectionAssert.AreEquivalent(new[] { "page_size", "page_token", "status", "role" }, RpcAssert.Fields(status));
    }

    [TestMethod]
    public async Task GetNode_KnownAndUnknown_AnswerOrNotFound()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a"));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        Assert.AreEqual((NodeStatus.Healthy, "ready", 1), ((await client.GetNodeAsync(new() { NodeId = "a" })) is var n ? (n.Status, n.Health, n.GpuCount) : default));
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.GetNodeAsync(new() { NodeId = "b" }));
        Assert.AreEqual("node_id", RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.GetNodeAsync(new() { NodeId = "a/b" }))).Single());
    }

    [TestMethod]
    public async Task DrainNode_Defaults_TakesNodeOut()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a"));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);

        var node = await client.DrainNodeAsync(new() { NodeId = "a" }, new Metadata { { "x-infermesh-actor", "ann" } });

        Assert.AreEqual((NodeStatus.Draining, "drain 300 by local-admin (says ann)"), (node.Status, node.Reason));
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.DrainNodeAsync(new() { NodeId = "b" }));
        Assert.AreEqual("timeout_seconds", RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.DrainNodeAsync(new() { NodeId = "a", TimeoutSeconds = 86_401 }))).Single());
    }

    [TestMethod]
    public async Task OperatorsCommands_TakeNodeOutAndBack()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("a"));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        var ann = new Metadata { { "x-infermesh-actor", "ann" } };

        var node = await client.CordonNodeAsync(new() { NodeId = "a", Reason = "fan" }, ann);
        Assert.AreEqual((NodeStatus.Draining, "cordoned", "fan by local-admin (says ann)"), (node.Status, node.Health, node.Reason));
        node = await client.MaintainNodeAsync(new() { NodeId = "a", Reason = "driver" }, ann);
        Assert.AreEqual(("maintenance", "driver by local-admin (says ann)"), (node.Health, node.Reason));
        node = await client.QuarantineNodeAsync(new() { NodeId = "a", Reason = "wrong answers" }, ann);
        Assert.AreEqual((NodeStatus.Unhealthy, "quarantined", "operator", "wrong answers by local-admin (says ann)", 1), (node.Status, node.Health, node.Quarantine.Kind, node.Quarantine.Evidence, node.Quarantine.Times));
        Assert.IsNull(node.Quarantine.Until, "only an operator ends it");
        node = await client.UncordonNodeAsync(new() { NodeId = "a" }, ann);
        Assert.AreEqual((NodeStatus.Healthy, null), (node.Status, node.Quarantine));

        await RpcAssert.FailsAsync(StatusCode.NotFound, client.UncordonNodeAsync(new() { NodeId = "b" }));
        Assert.AreEqual("reason", RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.QuarantineNodeAsync(new() { NodeId = "a", Reason = new('x', 257) }))).Single());
    }
}
