extern alias cli;
using cli::InferMesh.Control.V1;
using Grpc.Core;
using InferMesh.Api.Options;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Limits;
using InferMesh.Tests.Unit.Api.Grpc;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Security;

[TestClass]
public sealed class StreamPlacesTests
{
    private readonly StreamPlaces _places = new(new InferMesh.Tests.Unit.Grains.Fixed<ApiSettings>(new() { MaxEventStreams = 64 }));

    [TestMethod]
    public void Caller_HasAnEighthAtMost_AndAsManyAgainWhenTheyAreClosed()
    {
        var greedy = Of("greedy", "acme");
        var open = Enumerable.Range(0, 8).Select(_ => _places.TryOpen(greedy)!).ToArray();
        Assert.IsTrue(open.All(p => p is not null));
        Assert.IsNull(_places.TryOpen(greedy));
        Assert.IsNotNull(_places.TryOpen(Of("other", "acme")));
        open[0].Dispose();
        open[0].Dispose();
        Assert.IsNotNull(_places.TryOpen(greedy));
        Assert.IsNull(_places.TryOpen(greedy));
    }

    [TestMethod]
    public void Tenants_LeaveAQuarterToTheMesh()
    {
        Assert.AreEqual(16, Enumerable.Range(0, 64).Count(i => _places.TryOpen(Of($"key-{i}", "acme")) is not null), "one tenant, many keys");
        Assert.AreEqual(32, Enumerable.Range(0, 64).Count(i => _places.TryOpen(Of($"key-{i}", $"tenant-{i}")) is not null), "many tenants");
        Assert.AreEqual(16, Enumerable.Range(0, 64).Count(i => _places.TryOpen(Of($"ops-{i}", "")) is not null), "the mesh");
    }

    [TestMethod]
    public async Task Subscriptions_OverGrpc_Count()
    {
        await using var api = await ApiUnderTest.StartAsync(("InferMesh:Api:MaxEventStreams", "1"));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        using var first = client.SubscribeEvents(new());
        await first.ResponseHeadersAsync.WaitAsync(TimeSpan.FromSeconds(20));
        using var second = client.SubscribeEvents(new());
        await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, () => second.ResponseStream.MoveNext(CancellationToken.None));
    }

    private static Caller Of(string name, string tenant) => new(name, CallerKind.ApiKey, [Role.Viewer], new(tenant, ""));
}
