extern alias cli;
using cli::InferMesh.Control.V1;
using Grpc.Core;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Grpc.Control;

[TestClass]
public sealed class ControlPlaneEventsTests
{
    [TestMethod]
    public async Task SubscribeEvents_After_ResumesAndFollows()
    {
        await using var api = await ApiUnderTest.StartAsync();
        await api.Events.Append(new() { Type = EventTypes.NodeJoined, Subject = "a" });
        await api.Events.Append(new() { Type = EventTypes.PolicyCreated, Subject = "p" });
        await api.Events.Append(new() { Type = EventTypes.NodeJoined, Subject = "b" });
        using var call = new ControlPlane.ControlPlaneClient(api.Channel).SubscribeEvents(new() { After = 1, Types_ = { EventTypes.NodeJoined } });

        Assert.IsTrue(await call.ResponseStream.MoveNext().WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.AreEqual((3L, "b"), (call.ResponseStream.Current.Id, call.ResponseStream.Current.SourceNode));
        await api.Events.Append(new() { Type = EventTypes.NodeJoined, Subject = "c" });
        Assert.IsTrue(await call.ResponseStream.MoveNext().WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.AreEqual("c", call.ResponseStream.Current.SourceNode);
    }

    [TestMethod]
    public async Task SubscribeEvents_EventsLost_SaysWhereToGoOn()
    {
        await using var api = await ApiUnderTest.StartAsync();
        for (var i = 0; i < 5; i++) await api.Events.Append(new() { Type = EventTypes.NodeJoined, Subject = "a" });
        api.Events.Oldest = 4;
        using var call = new ControlPlane.ControlPlaneClient(api.Channel).SubscribeEvents(new() { After = 1 });

        var status = await RpcAssert.FailsAsync(StatusCode.OutOfRange, () => call.ResponseStream.MoveNext());

        Assert.AreEqual("3", RpcAssert.Detail<Google.Rpc.ErrorInfo>(status).Metadata["resume_after"]);
    }

    [TestMethod]
    public async Task SubscribeEvents_BadInput_NamesFields()
    {
        await using var api = await ApiUnderTest.StartAsync();
        using var call = new ControlPlane.ControlPlaneClient(api.Channel).SubscribeEvents(new() { After = -1, Types_ = { "NOTHING" } });

        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, () => call.ResponseStream.MoveNext());

        CollectionAssert.AreEquivalent(new[] { "after", "types[0]" }, RpcAssert.Fields(status));
    }
}
