using System.Net;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Ingress;

[TestClass]
public sealed class IngressHedgingTests
{
    private const string Body = """{"model":"m"}""";
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);

    [TestMethod]
    public async Task Post_FirstByteIsLate_CopyAnswersAndTheFirstIsCancelled()
    {
        await using var slow = await FakeRuntime.StartAsync(static context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var quick = await FakeRuntime.StartAsync(static context => context.Response.WriteAsync("quick"));
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Hedged(Soon, slow.Url, quick.Url);

        using var response = await SendAsync(api);

        Assert.AreEqual("quick", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(("n2", "2", "true"), Headers(response));
        Assert.AreEqual(("d1", "n2"), api.Router.Hedges.Single());
        Assert.AreEqual(("d1", "n2"), api.Router.Moves.Single());
        var report = (await api.Router.WaitForReportsAsync(1)).Single();
        Assert.AreEqual((OutcomeStatus.Success, "n2"), (report.Status, report.NodeId));
        await IdleAsync(slow);
    }

    [TestMethod]
    public async Task Post_FirstIsFasterThanItsCopy_CopyIsCancelled()
    {
        var copied = new TaskCompletionSource();
        await using var first = await FakeRuntime.StartAsync(async context =>
        {
            await copied.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("first");
        });
        await using var copy = await FakeRuntime.StartAsync(context =>
        {
            copied.SetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Hedged(Soon, first.Url, copy.Url);

        using var response = await SendAsync(api);

        Assert.AreEqual("first", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(("n1", "2", "true"), Headers(response));
        Assert.AreEqual(("d1", "n1"), api.Router.Moves.Single(), "the router hears who answers");
        await IdleAsync(copy);
    }

    [TestMethod]
    public async Task Post_FirstByteInTime_NothingIsCopied()
    {
        await using var first = await FakeRuntime.StartAsync(static context => context.Response.WriteAsync("first"));
        await using var copy = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Hedged(TimeSpan.FromSeconds(30), first.Url, copy.Url);

        using var response = await SendAsync(api);

        Assert.AreEqual("first", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(("n1", "1", ""), Headers(response));
        Assert.IsEmpty(api.Router.Hedges);
        Assert.IsEmpty(copy.Requests);
    }

    [TestMethod]
    public async Task Post_StreamHasBegun_IsNotHedged()
    {
        var end = new TaskCompletionSource();
        await using var first = await FakeRuntime.StartAsync(async context =>
        {
            await context.Response.WriteAsync("data: 1\n\n");
            await context.Response.Body.FlushAsync();
            await end.Task;
        });
        await using var copy = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Hedged(TimeSpan.FromMilliseconds(500), first.Url, copy.Url);

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await Task.Delay(700);
        end.SetResult();

        Assert.AreEqual("data: 1\n\n", await response.Content.ReadAsStringAsync());
        Assert.IsEmpty(copy.Requests);
    }

    [TestMethod]
    public async Task Post_FirstFailsAfterTheCopyWasSent_CopyAnswers()
    {
        var copied = new TaskCompletionSource();
        await using var first = await FakeRuntime.StartAsync(async context =>
        {
            await copied.Task;
            context.Response.StatusCode = 503;
        });
        await using var copy = await FakeRuntime.StartAsync(async context =>
        {
            copied.SetResult();
            await Task.Delay(100);
            await context.Response.WriteAsync("copy");
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Hedged(Soon, first.Url, copy.Url);

        using var response = await SendAsync(api);

        Assert.AreEqual("copy", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(("n2", "2", "true"), Headers(response));
    }

    [TestMethod]
    public async Task Post_BothFail_TheNextTargetIsTriedAndNeitherAgain()
    {
        static async Task LateFailureAsync(HttpContext context)
        {
            await Task.Delay(150);
            context.Response.StatusCode = 503;
        }
        await using var first = await FakeRuntime.StartAsync(LateFailureAsync);
        await using var copy = await FakeRuntime.StartAsync(LateFailureAsync);
        await using var third = await FakeRuntime.StartAsync(static context => context.Response.WriteAsync("third"));
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Hedged(Soon, first.Url, copy.Url, third.Url);

        using var response = await SendAsync(api);

        Assert.AreEqual("third", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(("n3", "3", "true"), Headers(response));
        Assert.AreEqual((1, 1), (first.Requests.Count, copy.Requests.Count));
    }

    [TestMethod]
    public async Task Post_ClientLeavesWhileBothAreAsked_BothStop()
    {
        var copied = new TaskCompletionSource();
        await using var first = await FakeRuntime.StartAsync(static context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var copy = await FakeRuntime.StartAsync(context =>
        {
            copied.SetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Hedged(Soon, first.Url, copy.Url);
        using var client = new CancellationTokenSource();

        using var request = IngressForwardingTests.Post(Body);
        var sent = api.Http.SendAsync(request, client.Token);
        await copied.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await client.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => sent);
        await IdleAsync(first);
        await IdleAsync(copy);
        Assert.AreEqual(OutcomeStatus.Cancelled, (await api.Router.WaitForReportsAsync(1)).Single().Status);
    }

    [TestMethod]
    public async Task Post_BudgetIsUsedUp_WaitsForTheFirst()
    {
        await using var first = await FakeRuntime.StartAsync(static async context =>
        {
            await Task.Delay(120);
            await context.Response.WriteAsync("first");
        });
        await using var copy = await FakeRuntime.StartAsync(static context => context.Response.WriteAsync("copy"));
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Hedged(Soon, first.Url, copy.Url);

        var answers = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            using var response = await SendAsync(api);
            answers.Add(await response.Content.ReadAsStringAsync());
        }

        CollectionAssert.AreEqual(new[] { "copy", "first", "first", "first", "first" }, answers);
    }

    [TestMethod]
    public void Budget_OverManyRequests_IsTheShare()
    {
        var budget = new HedgeBudget();
        int Of(string tenant, int requests)
        {
            var sent = 0;
            for (var i = 0; i < requests; i++)
            {
                budget.Earn(tenant, 0.05);
                if (budget.TryTake(tenant)) sent++;
            }
            return sent;
        }
        Assert.AreEqual(51, Of("a", 1000), 1);
        Assert.AreEqual(50, Of("b", 1000), 1);
        budget.Earn("c", 0);
        Assert.IsFalse(budget.TryTake("c"), "what all tenants share is used up");
    }

    private static RouteDecision Hedged(TimeSpan delay, params string[] urls) =>
        FakeRouter.Routed("d1", [.. urls.Select(static (url, i) => FakeRouter.Target($"n{i + 1}", url))]) with { Hedge = new("n2", delay) };

    private static async Task<HttpResponseMessage> SendAsync(ApiUnderTest api)
    {
        using var request = IngressForwardingTests.Post(Body);
        var response = await api.Http.SendAsync(request);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        return response;
    }

    private static (string Node, string Attempts, string Hedged) Headers(HttpResponseMessage response) => (
        IngressForwardingTests.Header(response, "x-infermesh-node"), IngressForwardingTests.Header(response, "x-infermesh-attempts"), IngressForwardingTests.Header(response, "x-infermesh-hedged"));

    private static async Task IdleAsync(FakeRuntime runtime)
    {
        for (var i = 0; i < 100 && runtime.Running > 0; i++) await Task.Delay(10);
        Assert.AreEqual(0, runtime.Running, "a request that nobody wants still runs");
    }
}
