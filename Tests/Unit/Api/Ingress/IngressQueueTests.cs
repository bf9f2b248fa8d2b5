using System.Globalization;
using System.Net;
using System.Text.Json;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Ingress;

[TestClass]
public sealed class IngressQueueTests
{
    private const string Body = """{"model":"m"}""";
    private static readonly RouteDecision Full = new() { Status = RouteStatus.Overloaded, MaxQueueWait = TimeSpan.FromSeconds(30), RetryAfter = TimeSpan.FromSeconds(3) };

    [TestMethod]
    public async Task Post_AllTargetsFull_WaitsForItsTurnAndSaysHowLong()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Full;
        api.Router.OnRouteQueued = async (query, stop) =>
        {
            await Task.Delay(60, stop);
            return query.Waited < TimeSpan.FromMilliseconds(100) ? Full : FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        };

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.IsGreaterThanOrEqualTo(160, int.Parse(IngressForwardingTests.Header(response, "x-infermesh-queue-ms")!, CultureInfo.InvariantCulture));
        Assert.IsTrue(api.Router.Queries.All(q => q.MayQueue));
    }

    [TestMethod]
    [DataRow(RouteRefusal.QueueFull, "queue_full")]
    [DataRow(RouteRefusal.QueueDeadline, "queue_deadline")]
    [DataRow(RouteRefusal.QueueTimeout, "queue_timeout")]
    public async Task Post_MayNotWait_Is429WithReasonAndRetryAfter(RouteRefusal refusal, string code)
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Full;
        api.Router.OnRouteQueued = (_, _) => ValueTask.FromResult(new RouteDecision { Status = RouteStatus.Overloaded, Refusal = refusal, RetryAfter = TimeSpan.FromSeconds(7) });

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.AreEqual(TimeSpan.FromSeconds(7), response.Headers.RetryAfter!.Delta);
        Assert.AreEqual(code, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [TestMethod]
    public async Task Post_PolicyForbidsToWait_IsRefusedAtOnce()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Full with { MaxQueueWait = TimeSpan.Zero };

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.HasCount(1, api.Router.Queries);
    }

    [TestMethod]
    public async Task Post_ClientLeavesTheQueue_RouterIsToldAndALatePlaceIsGivenBack()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var left = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        api.Router.OnRoute = _ => Full;
        api.Router.OnRouteQueued = async (_, stop) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            left.SetResult();
            return FakeRouter.Routed("late", FakeRouter.Target("n1", "http://127.0.0.1:9"));
        };

        using var leave = new CancellationTokenSource();
        using var request = IngressForwardingTests.Post(Body);
        var sending = api.Http.SendAsync(request, leave.Token);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => sending);

        await left.Task.WaitAsync(TimeSpan.FromSeconds(10));
        var report = (await api.Router.WaitForReportsAsync(1)).Single();
        Assert.AreEqual(("late", OutcomeStatus.Cancelled), (report.DecisionId, report.Status));
    }
}
