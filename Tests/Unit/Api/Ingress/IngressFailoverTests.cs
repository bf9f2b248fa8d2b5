using System.Net;
using System.Text.Json;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Ingress;

[TestClass]
public sealed class IngressFailoverTests
{
    private const string Body = """{"model":"m"}""";

    [TestMethod]
    [DataRow("429")]
    [DataRow("502")]
    [DataRow("503")]
    [DataRow("504")]
    [DataRow("reset")]
    [DataRow("reset_after_headers")]
    [DataRow("dead")]
    [DataRow("bad_url")]
    public async Task Post_FirstTargetFails_NextOneAnswers(string failure)
    {
        await using var bad = await FakeRuntime.StartAsync(Failure(failure));
        await using var good = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        var badUrl = failure switch { "dead" => FakeRuntime.DeadUrl(), "bad_url" => "nowhere", _ => bad.Url };
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", badUrl), FakeRouter.Target("n2", good.Url));

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual("{}", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(("n2", "2"), (IngressForwardingTests.Header(response, "x-infermesh-node"), IngressForwardingTests.Header(response, "x-infermesh-attempts")));
        var report = (await api.Router.WaitForReportsAsync(1)).Single();
        Assert.AreEqual((OutcomeStatus.Success, "n2"), (report.Status, report.NodeId));
        Assert.AreEqual(("d1", "n2"), api.Router.Moves.Single());
        CollectionAssert.AreEqual(System.Text.Encoding.UTF8.GetBytes(Body), good.Requests.Single().Body);
    }

    [TestMethod]
    public async Task Post_AllTargetsOfADecisionFail_AsksAgainWithoutThem()
    {
        await using var bad = await FakeRuntime.StartAsync(FakeRuntime.Status(503));
        await using var good = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync(("MaxAttempts", "2"));
        api.Router.OnRoute = query => query.ExcludedNodes.Count == 0
            ? FakeRouter.Routed("d1", FakeRouter.Target("n1", bad.Url), FakeRouter.Target("n2", bad.Url), FakeRouter.Target("n3", bad.Url))
            : FakeRouter.Routed("d2", FakeRouter.Target("n4", good.Url));

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual(("n4", "3", "d2"), (IngressForwardingTests.Header(response, "x-infermesh-node"),
            IngressForwardingTests.Header(response, "x-infermesh-attempts"), IngressForwardingTests.Header(response, "x-infermesh-decision")));
        CollectionAssert.AreEqual(new[] { "n1", "n2" }, api.Router.Queries.Last().ExcludedNodes.ToArray());
        Assert.AreEqual(2, api.Router.Queries.First().MaxTargets);
        var reports = await api.Router.WaitForReportsAsync(2);
        CollectionAssert.AreEquivalent(new[] { ("d1", OutcomeStatus.Rejected), ("d2", OutcomeStatus.Success) }, reports.Select(r => (r.DecisionId, r.Status)).ToArray());
    }

    [TestMethod]
    [DataRow("429", 429, "upstream_busy", "7")]
    [DataRow("503", 503, "upstream_unavailable", "7")]
    [DataRow("502", 502, "upstream_failed", "")]
    [DataRow("reset", 502, "upstream_failed", "")]
    public async Task Post_EverybodyFails_GivesTheLastStatus(string failure, int status, string code, string retryAfter)
    {
        await using var bad = await FakeRuntime.StartAsync(Failure(failure));
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = query => query.ExcludedNodes.Count == 0
            ? FakeRouter.Routed("d1", FakeRouter.Target("n1", bad.Url), FakeRouter.Target("n2", bad.Url))
            : new RouteDecision { Status = RouteStatus.NoEligibleTarget, DecisionId = "d2" };

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(status, (int)response.StatusCode);
        Assert.AreEqual(retryAfter, IngressForwardingTests.Header(response, "Retry-After"));
        Assert.AreEqual(code, await CodeAsync(response));
        Assert.AreEqual("d1", (await api.Router.WaitForReportsAsync(1)).Single().DecisionId);
    }

    [TestMethod]
    [DataRow(RouteStatus.Overloaded, 429, "overloaded", "3")]
    [DataRow(RouteStatus.QuotaExceeded, 429, "quota_exceeded", "3")]
    [DataRow(RouteStatus.ModelUnknown, 404, "model_not_found", "")]
    [DataRow(RouteStatus.NoEligibleTarget, 503, "no_eligible_target", "3")]
    [DataRow(RouteStatus.Forbidden, 403, "forbidden", "")]
    [DataRow(RouteStatus.Invalid, 400, "invalid_value", "")]
    public async Task Post_Refused_SaysWhyInOpenAiForm(RouteStatus refusal, int status, string code, string retryAfter)
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => new RouteDecision { Status = refusal, DecisionId = "d1", RetryAfter = TimeSpan.FromSeconds(2.5) };

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(status, (int)response.StatusCode);
        Assert.AreEqual(code, await CodeAsync(response));
        Assert.AreEqual(retryAfter, IngressForwardingTests.Header(response, "Retry-After"));
        Assert.AreNotEqual("", IngressForwardingTests.Header(response, "x-request-id"));
        Assert.IsEmpty(api.Router.Reports);
    }

    [TestMethod]
    public async Task Post_RouterFailsTwice_IsAskedAThirdTime()
    {
        var tries = 0;
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => Interlocked.Increment(ref tries) < 3 ? throw new TimeoutException("gone") : FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
    }

    [TestMethod]
    public async Task Post_NoRouterAnswers_IsUnavailable()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => throw new TimeoutException("gone");

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.AreEqual("1", IngressForwardingTests.Header(response, "Retry-After"));
        Assert.IsGreaterThanOrEqualTo(3, api.Router.Queries.Count);
    }

    [TestMethod]
    public async Task Post_ReportFails_AnswerStands()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        api.Router.OnReport = _ => throw new TimeoutException("gone");

        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        await api.Router.WaitForReportsAsync(1);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Post_TooLarge_IsRefusedBeforeRouting(bool chunked)
    {
        await using var api = await ApiUnderTest.StartAsync(("MaxBodyBytes", "2000"));
        using var request = IngressForwardingTests.Post($$"""{"model":"m","prompt":"{{new string('x', 5000)}}"}""");
        if (chunked) request.Headers.TransferEncodingChunked = true;

        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(413, (int)response.StatusCode, await response.Content.ReadAsStringAsync());
        Assert.AreEqual("body_too_large", await CodeAsync(response));
        Assert.IsEmpty(api.Router.Queries);
    }

    [TestMethod]
    public async Task Post_BadHeader_IsRefusedByName()
    {
        await using var api = await ApiUnderTest.StartAsync();
        using var request = IngressForwardingTests.Post(Body);
        request.Headers.Add("x-infermesh-prompt-tokens", "-1");

        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(400, (int)response.StatusCode);
        Assert.AreEqual("invalid_value", await CodeAsync(response));
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage response)
    {
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("error").GetProperty("code").GetString();
    }

    private static async Task ResetAfterHeadersAsync(HttpContext context)
    {
        await context.Response.StartAsync();
        context.Abort();
    }

    private static Func<HttpContext, Task> Failure(string name) => name switch
    {
        "reset" => FakeRuntime.Reset,
        "reset_after_headers" => ResetAfterHeadersAsync,
        "429" or "503" => FakeRuntime.Status(int.Parse(name, System.Globalization.CultureInfo.InvariantCulture), "7"),
        "502" or "504" => FakeRuntime.Status(int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)),
        _ => FakeRuntime.Status(200),
    };
}
