extern alias cli;
using System.Net;
using cli::InferMesh.State.V1;
using Grpc.Core;
using InferMesh.Api.Ingress;
using InferMesh.Api.Ingress.Runtimes;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Api.Ingress.Runtimes;

/// <summary>Connections to runtimes over real sockets: those that the policy forbids are not made, whatever a name meant before.</summary>
[TestClass]
public sealed class RuntimeConnectionTests
{
    private static readonly (string, string) OnlyTens = ("InferMesh:Ingress:AllowedRuntimes:0", "10.0.0.0/8");

    [TestMethod]
    [DataRow("localhost")]
    [DataRow("127.0.0.1")]
    public async Task Request_TargetWhereNothingIsAllowed_NeverReachesIt(string host)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync(OnlyTens);
        api.Router.OnRoute = query => query.ExcludedNodes.Count == 0 ? FakeRouter.Routed("d1", FakeRouter.Target("n1", $"http://{host}:{new Uri(runtime.Url).Port}")) : new() { Status = RouteStatus.NoEligibleTarget, DecisionId = "d2" };

        using var request = IngressForwardingTests.Post("""{"model":"m"}""");
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.IsEmpty(runtime.Requests);
    }

    [TestMethod]
    public async Task Request_HostThatIsNamed_ReachesIt()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync(("InferMesh:Ingress:AllowedRuntimes:0", "localhost"));
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", $"http://localhost:{new Uri(runtime.Url).Port}"));

        using var request = IngressForwardingTests.Post("""{"model":"m"}""");
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.HasCount(1, runtime.Requests);
    }

    [TestMethod]
    public async Task Redirect_OfARuntime_IsTheClientsToFollow()
    {
        await using var other = await FakeRuntime.StartAsync();
        await using var runtime = await FakeRuntime.StartAsync(context =>
        {
            context.Response.Redirect(other.Url + "/v1/secret");
            return Task.CompletedTask;
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = api.Http.BaseAddress };

        using var request = IngressForwardingTests.Post("""{"model":"m"}""");
        using var response = await client.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.Redirect, response.StatusCode);
        Assert.IsEmpty(other.Requests);
    }

    [TestMethod]
    [DataRow("http://169.254.169.254/latest/meta-data")]
    [DataRow("http://8.8.8.8:8000")]
    [DataRow("http://10.0.0.1:22")]
    public async Task Report_EndpointThatIsForbidden_IsInvalidArgument(string endpoint)
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        using var call = new StatePlane.StatePlaneClient(api.Channel).ReportModelState();
        await call.RequestStream.WriteAsync(new() { NodeId = "n1", Epoch = 1, Sequence = 1, Runtimes = new() { Runtimes = { new RuntimeState { Runtime = "vllm", Endpoint = endpoint, GrpcEndpoint = endpoint } } } });

        var error = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, () => call.ResponseStream.MoveNext());

        CollectionAssert.AreEquivalent(new[] { "runtimes.runtimes[0].endpoint", "runtimes.runtimes[0].grpc_endpoint" }, RpcAssert.Fields(error));
        Assert.IsEmpty(api.Publisher.Published);
    }

    [TestMethod]
    public async Task Connect_NameThatIsMovedAfterwards_IsRefused()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        var end = new DnsEndPoint("gpu-1.example", new Uri(runtime.Url).Port);
        IPAddress[] addresses = [IPAddress.Loopback];
        var connector = new RuntimeConnector(Microsoft.Extensions.Options.Options.Create(new IngressSettings()), NullLogger<RuntimeConnector>.Instance) { Resolve = (_, _) => Task.FromResult(addresses) };

        await (await connector.ConnectAsync(end, default)).DisposeAsync();
        foreach (var moved in new[] { "169.254.169.254", "8.8.8.8", "::ffff:169.254.169.254", "0.0.0.0" })
        {
            addresses = [IPAddress.Parse(moved)];
            await Assert.ThrowsExactlyAsync<RuntimeRefusedException>(async () => await connector.ConnectAsync(end, default));
        }
        // Of several addresses the allowed ones are used.
        addresses = [IPAddress.Parse("169.254.169.254"), IPAddress.Loopback];
        await (await connector.ConnectAsync(end, default)).DisposeAsync();
    }
}
