using System.Net;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Ingress.Resilience;

[TestClass]
public sealed class IngressResilienceTests
{
    [TestMethod]
    public async Task Post_NodeKeepsFailing_IsLeftAloneAndThenTriedAgain()
    {
        var healthy = false;
        await using var bad = await FakeRuntime.StartAsync(context => healthy ? context.Response.WriteAsync("{}") : FakeRuntime.Status(503)(context));
        await using var good = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync(("EjectAfterFailures", "3"), ("EjectTime", "00:00:00.400"));
        api.Router.OnRoute = query => query.ExcludedNodes.Contains("n1")
            ? FakeRouter.Routed("d", FakeRouter.Target("n2", good.Url))
            : FakeRouter.Routed("d", FakeRouter.Target("n1", bad.Url), FakeRouter.Target("n2", good.Url));

        for (var i = 0; i < 3; i++) Assert.AreEqual("n2", await NodeAsync(api));
        Assert.HasCount(3, bad.Requests);
        for (var i = 0; i < 5; i++) Assert.AreEqual("n2", await NodeAsync(api));
        Assert.HasCount(3, bad.Requests, "it is left alone");
        Assert.IsTrue(api.Router.Queries.Last().ExcludedNodes.Contains("n1"));

        healthy = true;
        var tries = 0;
        while (await NodeAsync(api) != "n1")
        {
            Assert.IsLessThan(1000, ++tries, "the node that answers again is used");
            await Task.Delay(20);
        }
        for (var i = 0; i < 5; i++) Assert.AreEqual("n1", await NodeAsync(api));
    }

    [TestMethod]
    public async Task Post_OnlyNodeIsLeftAlone_IsAskedAllTheSame()
    {
        await using var only = await FakeRuntime.StartAsync(FakeRuntime.Status(503));
        await using var api = await ApiUnderTest.StartAsync(("EjectAfterFailures", "1"), ("EjectTime", "00:01:00"));
        api.Router.OnRoute = query => query.ExcludedNodes.Count > 0 ? new() { Status = RouteStatus.NoEligibleTarget } : FakeRouter.Routed("d", FakeRouter.Target("n1", only.Url));
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, (await SendAsync(api)).StatusCode);
        only.OnRequest = context => context.Response.WriteAsync("{}");
        Assert.AreEqual("n1", await NodeAsync(api));
        // The first request is asked for twice since its target failed; the second one is a new request, shut nodes or not.
        CollectionAssert.AreEqual(new[] { false, true, false, false }, api.Router.Queries.Select(static q => q.Again).ToArray());
    }

    [TestMethod]
    public async Task Post_NodeAsksForARest_GetsIt()
    {
        await using var busy = await FakeRuntime.StartAsync(FakeRuntime.Status(429, "30"));
        await using var good = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = query => query.ExcludedNodes.Contains("n1")
            ? FakeRouter.Routed("d", FakeRouter.Target("n2", good.Url))
            : FakeRouter.Routed("d", FakeRouter.Target("n1", busy.Url), FakeRouter.Target("n2", good.Url));
        for (var i = 0; i < 4; i++) Assert.AreEqual("n2", await NodeAsync(api));
        Assert.HasCount(1, busy.Requests);
    }

    [TestMethod]
    public async Task Post_EverythingFails_RetriesEndWithTheirBudget()
    {
        await using var bad = await FakeRuntime.StartAsync(FakeRuntime.Status(502));
        await using var api = await ApiUnderTest.StartAsync(("RetryBudgetShare", "0.1"), ("MaxAttempts", "2"));
        // Nodes of their own for each request: no breaker opens.
        api.Router.OnRoute = query => query.ExcludedNodes.Count > 0
            ? new() { Status = RouteStatus.NoEligibleTarget }
            : FakeRouter.Routed("d", FakeRouter.Target($"{query.RequestId}-1", bad.Url), FakeRouter.Target($"{query.RequestId}-2", bad.Url));
        for (var i = 0; i < 200; i++) Assert.AreEqual(HttpStatusCode.BadGateway, (await SendAsync(api)).StatusCode);
        Assert.IsInRange(300, 325, bad.Requests.Count, "200 requests, a reserve of 100, and a tenth of 200");
    }

    [TestMethod]
    public async Task Post_NodeHangsAndIsGone_AnotherOneAnswers()
    {
        await using var hung = await FakeRuntime.StartAsync(static context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var good = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync(("WatchAfter", "00:00:00.200"));
        api.Router.OnRoute = _ => FakeRouter.Routed("d", FakeRouter.Target("n1", hung.Url), FakeRouter.Target("n2", good.Url));
        var answer = NodeAsync(api);
        await Eventually.HoldsAsync(() => hung.Running == 1, "the request is there");
        await Task.Delay(500);
        Assert.IsFalse(answer.IsCompleted, "a node that the mesh believes in may take its time");
        api.Router.Lost["n1"] = true;
        Assert.AreEqual("n2", await answer.WaitAsync(TimeSpan.FromSeconds(10)));
        await Eventually.HoldsAsync(() => hung.Running == 0, "the hung attempt is cancelled");
    }

    private static async Task<string?> NodeAsync(ApiUnderTest api)
    {
        using var response = await SendAsync(api);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, await response.Content.ReadAsStringAsync());
        return IngressForwardingTests.Header(response, "x-infermesh-node");
    }

    private static async Task<HttpResponseMessage> SendAsync(ApiUnderTest api)
    {
        using var request = IngressForwardingTests.Post("""{"model":"m"}""");
        return await api.Http.SendAsync(request);
    }
}
