using InferMesh.Api.Ingress.Routing;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace InferMesh.Tests.Unit.Api.Ingress;

/// <summary>What the ingress tells the routers so that strategies can learn.</summary>
[TestClass]
public sealed class IngressLearningTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(60);

    [TestMethod]
    public async Task Report_OfAStream_HasTheTimesOfTheAttemptAndItsTokens()
    {
        await using var bad = await FakeRuntime.StartAsync(async context =>
        {
            await Task.Delay(400);
            context.Abort();
        });
        await using var good = await FakeRuntime.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await Task.Delay(Pause);
            for (var i = 0; i < 5; i++)
            {
                await context.Response.WriteAsync("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n");
                await context.Response.Body.FlushAsync();
            }
            await Task.Delay(Pause);
            await context.Response.WriteAsync("data: [DONE]\n\n");
        });
        var report = await ReportAsync(_ => FakeRouter.Routed("d1", FakeRouter.Target("n1", bad.Url), FakeRouter.Target("n2", good.Url)), stream: true);

        Assert.AreEqual((OutcomeStatus.Success, "n2", 5), (report.Status, report.NodeId, report.OutputTokens));
        // Timers may be early by their resolution.
        Assert.IsGreaterThanOrEqualTo(45.0, report.TtftMs!.Value);
        Assert.IsLessThan(400.0, report.TtftMs.Value, "the failed attempt before it does not count");
        Assert.IsGreaterThanOrEqualTo(report.TtftMs.Value + 45, report.LatencyMs!.Value);
    }

    [TestMethod]
    [DataRow(true, AnswerForm.Stream)]
    [DataRow(false, AnswerForm.Whole)]
    public async Task Query_SaysInWhatFormTheAnswerIsWanted(bool stream, AnswerForm form)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        var seen = AnswerForm.Unknown;
        await ReportAsync(query =>
        {
            seen = query.Answer;
            return FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        }, stream);
        Assert.AreEqual(form, seen);
    }

    [TestMethod]
    public async Task Report_OfAnAnswerInOnePiece_HasNoFirstToken()
    {
        await using var runtime = await FakeRuntime.StartAsync(context => context.Response.WriteAsJsonAsync(new { usage = new { completion_tokens = 17 } }));
        var report = await ReportAsync(_ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url)));
        Assert.AreEqual((OutcomeStatus.Success, 17), (report.Status, report.OutputTokens));
        Assert.IsNull(report.TtftMs);
        Assert.IsGreaterThan(0.0, report.LatencyMs!.Value);
    }

    [TestMethod]
    [DataRow(422, true, DisplayName = "the request was wrong: the node is well")]
    [DataRow(503, false, DisplayName = "the node refused")]
    public async Task Report_OfARefusal_SaysWhetherTheNodeAnswered(int status, bool answered)
    {
        await using var runtime = await FakeRuntime.StartAsync(FakeRuntime.Status(status));
        var report = await ReportAsync(query => query.ExcludedNodes.Count == 0 ? FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url)) : new() { Status = RouteStatus.NoEligibleTarget });
        Assert.AreEqual((OutcomeStatus.Rejected, answered), (report.Status, report.TtftMs is not null));
    }

    [TestMethod]
    public async Task Prefix_IsSent_OnceADecisionAskedForItAndNoLongerThanThat()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        var wanted = false;
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url)) with { PrefixWanted = wanted };
        foreach (var now in new[] { false, true, true, false, false })
        {
            wanted = now;
            using var request = IngressForwardingTests.Post($$"""{"model":"m","prompt":"{{new string('x', 200)}}"}""");
            using var response = await api.Http.SendAsync(request);
        }
        CollectionAssert.AreEqual(new[] { 0, 0, 3, 3, 0 }, api.Router.Queries.Select(q => q.Prefix.Length).ToArray());
    }

    [TestMethod]
    public async Task Headers_AreSent_OnceADecisionAskedForThemAndNoLongerThanThat()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        string[] wanted = [];
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url)) with { HeadersWanted = wanted };
        foreach (var now in new[] { false, true, true, false, false })
        {
            wanted = now ? ["x-user", "x-absent"] : [];
            using var request = IngressForwardingTests.Post("""{"model":"m"}""");
            request.Headers.Add("X-User", "ann");
            using var response = await api.Http.SendAsync(request);
        }
        CollectionAssert.AreEqual(new[] { "", "", "x-user=ann", "x-user=ann", "" }, api.Router.Queries.Select(q => string.Join(',', (q.Headers ?? new Dictionary<string, string>()).Select(h => $"{h.Key}={h.Value}"))).ToArray());
    }

    [TestMethod]
    public async Task Headers_WantedForManyModelsAtOnce_AreAllNoted()
    {
        const int Models = 8;
        await using var api = await ApiUnderTest.StartAsync();
        var router = api.Services.GetRequiredService<IngressRouter>();
        var (all, wanted) = (new HeaderDictionary(), true);
        for (var i = 0; i < Models; i++) all[$"x-unit-{i}"] = "ann";
        api.Router.OnRoute = query => FakeRouter.Routed("d1", FakeRouter.Target("n1", "http://n1")) with { HeadersWanted = wanted ? [$"x-unit-{query.Model}"] : [] };
        // The first decisions of all models at once, again and again: none may lose what another has just noted.
        for (var round = 0; round < 400; round++)
        {
            wanted = round % 2 == 0;
            await Task.WhenAll(Enumerable.Range(0, Models).Select(i => Task.Run(() => router.RouteAsync(new() { Model = $"{i}" }, static _ => { }, CancellationToken.None))));
            Assert.AreEqual(wanted ? Models : 0, router.HeadersOf(all)?.Count ?? 0, $"round {round}");
        }
    }

    [TestMethod]
    public async Task Reservation_OfALongAnswer_IsRenewedUntilItIsOver()
    {
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            await Task.Delay(1500);
            await context.Response.WriteAsync("{}");
        });
        await using var api = await ApiUnderTest.StartAsync(("RenewPeriod", "00:00:00.2"));
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        using var request = IngressForwardingTests.Post("""{"model":"m"}""");
        using var response = await api.Http.SendAsync(request);
        await api.Router.WaitForReportsAsync(1);
        Assert.IsGreaterThanOrEqualTo(3, api.Router.Renewals.Count(static id => id == "d1"));
        await Task.Delay(300);
        var then = api.Router.Renewals.Count;
        await Task.Delay(700);
        Assert.HasCount(then, api.Router.Renewals, "nothing is renewed that is over");
    }

    private static async Task<RouteOutcome> ReportAsync(Func<RouteQuery, RouteDecision> route, bool stream = false)
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = route;
        using var request = IngressForwardingTests.Post(stream ? """{"model":"m","stream":true}""" : """{"model":"m"}""");
        using var response = await api.Http.SendAsync(request);
        await response.Content.ReadAsStringAsync();
        return (await api.Router.WaitForReportsAsync(1)).Single();
    }
}
