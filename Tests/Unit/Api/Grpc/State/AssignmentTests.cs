extern alias cli;
using cli::InferMesh.State.V1;
using Grpc.Core;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Domain = InferMesh.Grains.Abstractions.Models;

namespace InferMesh.Tests.Unit.Api.Grpc.State;

[TestClass]
public sealed class AssignmentTests
{
    private static readonly ControlledRuntime Runtime = new() { Endpoint = "http://n1:8000", Runtime = "triton", Gpu = "H100", Actions = { ModelAction.Load, ModelAction.Wake } };

    [TestMethod]
    public async Task WatchAssignments_Assignments_ComeAsTheyChange()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        var node = api.Fleet.ModelsOf("n1");
        node.Assignments.Enqueue(new(7, [new() { Id = "a-1", Action = Domain.ModelAction.LoadAdapter, Endpoint = Runtime.Endpoint, Model = "m", Adapter = "sql", Source = "s3://sql" }]));
        using var call = new StatePlane.StatePlaneClient(api.Channel).WatchAssignments(new() { NodeId = "n1", Runtimes = { Runtime } });

        Assert.IsTrue(await call.ResponseStream.MoveNext(CancellationToken.None));
        var first = call.ResponseStream.Current;
        node.Assignments.Enqueue(new(8, []));
        Assert.IsTrue(await call.ResponseStream.MoveNext(CancellationToken.None));

        Assert.AreEqual((7L, 8L), (first.Version, call.ResponseStream.Current.Version));
        Assert.AreEqual(new RuntimeCommand { Id = "a-1", Action = ModelAction.LoadAdapter, Endpoint = Runtime.Endpoint, Model = "m", Adapter = "sql", Source = "s3://sql" }, first.Commands.Single());
        CollectionAssert.AreEqual(new[] { Domain.ModelAction.Load, Domain.ModelAction.Wake }, node.Runtimes.Single().Actions.ToArray());
        Assert.AreEqual("H100", node.Runtimes.Single().Gpu);
    }

    [TestMethod]
    public async Task WatchAssignments_NodeThatIsNotOrNoLongerRegistered_HearsOfIt()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new StatePlane.StatePlaneClient(api.Channel);
        using var unknown = client.WatchAssignments(new() { NodeId = "n1" });
        await RpcAssert.FailsAsync(StatusCode.NotFound, () => unknown.ResponseStream.MoveNext(CancellationToken.None));

        api.Fleet.Put(FakeFleet.Node("n1"));
        api.Fleet.ModelsOf("n1").Assignments.Enqueue(new(7, []));
        using var call = client.WatchAssignments(new() { NodeId = "n1" });
        Assert.IsTrue(await call.ResponseStream.MoveNext(CancellationToken.None));
        api.Fleet.Nodes.Clear();
        await RpcAssert.FailsAsync(StatusCode.NotFound, () => call.ResponseStream.MoveNext(CancellationToken.None));
    }

    [TestMethod]
    public async Task Assignments_BadInputOrNoKey_IsRefused()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        var client = new StatePlane.StatePlaneClient(api.Channel);
        using var watch = client.WatchAssignments(new() { NodeId = "a b", Runtimes = { new ControlledRuntime { Actions = { (ModelAction)99 } } } });
        CollectionAssert.AreEquivalent(
            new[] { "node_id", "runtimes[0].endpoint", "runtimes[0].runtime", "runtimes[0].actions" },
            RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, () => watch.ResponseStream.MoveNext(CancellationToken.None))));
        var report = client.ReportAssignmentAsync(new() { NodeId = "n1", Results = { new CommandResult { Seconds = double.NaN } } });
        CollectionAssert.AreEquivalent(new[] { "results[0].id", "results[0].seconds" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, report)));

        using var guarded = client.WatchAssignments(new() { NodeId = "n1" }, ApiUnderTest.Stranger);
        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, () => guarded.ResponseStream.MoveNext(CancellationToken.None));
        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, client.ReportAssignmentAsync(new() { NodeId = "n1", Results = { new CommandResult { Id = "x" } } }, ApiUnderTest.Stranger));
    }

    [TestMethod]
    public async Task ReportAssignment_Results_ReachTheNode()
    {
        await using var api = await ApiUnderTest.StartAsync();
        await new StatePlane.StatePlaneClient(api.Channel).ReportAssignmentAsync(new()
        {
            NodeId = "n1",
            Results = { new CommandResult { Id = "a", Seconds = 2.5 }, new CommandResult { Id = "b", Error = "no such model" }, new CommandResult { Id = "c", Unsupported = true } },
        });
        var results = api.Fleet.ModelsOf("n1").Results.ToArray();
        Assert.AreEqual((true, 2.5), (results[0].IsDone, results[0].Seconds));
        Assert.AreEqual("no such model", results[1].Error);
        Assert.IsFalse(results[2].IsDone, "a failure that does not say why is one nevertheless");
    }
}
