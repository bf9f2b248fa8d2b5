extern alias cli;
using System.Net;
using System.Text.Json;
using cli::InferMesh.Scoring.V1;
using Grpc.Core;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Tests.Unit.Api.Grpc;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;
using ScoringClient = cli::InferMesh.Scoring.V1.Scoring.ScoringClient;

namespace InferMesh.Tests.Unit.Api.Ingress.Tenancy;

[TestClass]
public sealed class IngressTenancyTests
{
    private const string Body = """{"model":"m","max_tokens":50,"prompt":"0123456789012345"}""";

    [TestMethod]
    public async Task Post_TenantWithoutLimits_CostsNoCall()
    {
        await using var api = await StartAsync();
        await using var runtime = await RuntimeAsync(api);
        using var response = await api.Http.SendAsync(Post(Body, "somebody"));
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.IsEmpty(api.Tenants.Gate.Requests);
    }

    [TestMethod]
    public async Task Post_LimitedTenant_ReservesTheEstimateAndSettlesTheRuntimesCount()
    {
        await using var api = await StartAsync();
        await using var runtime = await RuntimeAsync(api, context => context.Response.WriteAsJsonAsync(new { usage = new { prompt_tokens = 9, completion_tokens = 17 } }));
        api.Tenants.Gate.OnReserve = _ => Task.FromResult(new TenantVerdict
        {
            Status = TenantVerdictStatus.Granted,
            Id = "r-7",
            Requests = new(10, 9),
            Tokens = new(1000, 900),
        });
        using var request = Post(Body, "acme");
        request.Headers.Add("x-infermesh-project", "search");
        request.Headers.Add("Authorization", "Bearer sk-test");
        using var response = await api.Http.SendAsync(request);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual(("10", "9", "1000", "900"), (Header(response, "x-ratelimit-limit-requests"), Header(response, "x-ratelimit-remaining-requests"),
            Header(response, "x-ratelimit-limit-tokens"), Header(response, "x-ratelimit-remaining-tokens")));

        // printf sk-test | sha256sum | cut -c1-16
        var expected = new TenantRequest { Tenant = "acme", Project = "search", KeyId = "f3abf2a6cc4f0098", Model = "m", PromptTokens = 4, OutputTokens = 50 };
        Assert.AreEqual(expected, api.Tenants.Gate.Requests.Single());
        Assert.AreEqual(new TenantSettlement("r-7", expected, 9, 17), await api.Tenants.Gate.SettledAsync());
    }

    [TestMethod]
    [DataRow("/v1/completions", """{"model":"m","prompt":"0123456789012345"}""", 4, 1024, DisplayName = "no maximum: the default")]
    [DataRow("/v1/embeddings", """{"model":"m","input":"0123456789012345"}""", 4, 0, DisplayName = "embeddings have no output")]
    [DataRow("/tokenize", """{"model":"m","prompt":"0123456789012345"}""", 0, 0, DisplayName = "counting costs nothing")]
    public async Task Post_LimitedTenant_EstimatesByWhatIsAsked(string path, string body, int prompt, int output)
    {
        await using var api = await StartAsync();
        await using var runtime = await RuntimeAsync(api);
        using var response = await api.Http.SendAsync(Post(body, "acme", path));
        var request = api.Tenants.Gate.Requests.Single();
        Assert.AreEqual((prompt, output), (request.PromptTokens, request.OutputTokens));
        var settled = await api.Tenants.Gate.SettledAsync();
        Assert.AreEqual((prompt, output), (settled.PromptTokens, settled.OutputTokens), "a runtime that counts nothing used the estimate");
    }

    [TestMethod]
    public async Task Post_BudgetUsedUp_IsRefusedWithTheLimitAndWhenToComeBack()
    {
        await using var api = await StartAsync();
        api.Tenants.Gate.OnReserve = _ => Task.FromResult(new TenantVerdict
        {
            Status = TenantVerdictStatus.Refused,
            Limit = new(TenantScope.Project, "search", LimitKind.TokensPerDay),
            Allowed = 1000,
            RetryAfter = TimeSpan.FromSeconds(61.2),
            Tokens = new(1000, 3),
        });
        using var response = await api.Http.SendAsync(Post(Body, "acme"));
        Assert.AreEqual((HttpStatusCode.TooManyRequests, "62", "3"), (response.StatusCode, Header(response, "Retry-After"), Header(response, "x-ratelimit-remaining-tokens")));
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        Assert.AreEqual(("rate_limit_error", "quota_exceeded"), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.AreEqual(
            "Project 'search' of tenant 'acme' has not enough left of its limit of 1000 tokens per day (this request may need 54).", error.GetProperty("message").GetString());
        Assert.IsEmpty(api.Router.Queries, "nothing was routed");
    }

    [TestMethod]
    public async Task Post_BudgetUnknown_IsUnavailable()
    {
        await using var api = await StartAsync();
        api.Tenants.Gate.OnReserve = _ => Task.FromResult(new TenantVerdict { Status = TenantVerdictStatus.Unavailable, RetryAfter = TimeSpan.FromSeconds(1) });
        using var response = await api.Http.SendAsync(Post(Body, "acme"));
        Assert.AreEqual((HttpStatusCode.ServiceUnavailable, "1"), (response.StatusCode, Header(response, "Retry-After")));
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), "quota_unavailable");
    }

    [TestMethod]
    public async Task Admit_LimitedTenant_IsChargedTheEstimate_OrRefused()
    {
        var query = new AdmitRequest { Model = "m", Tenant = "acme", EstimatedTokens = 10, EstimatedOutputTokens = 5 };
        await using var api = await StartAsync();
        var scoring = new ScoringClient(api.Channel);
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", "http://127.0.0.1:1"));
        Assert.IsTrue((await scoring.AdmitAsync(query)).Admitted);
        var settled = await api.Tenants.Gate.SettledAsync();
        Assert.AreEqual(("acme", 10, 5), (settled.Request.Tenant, settled.PromptTokens, settled.OutputTokens));

        api.Router.OnRoute = _ => new() { Status = RouteStatus.ModelUnknown };
        Assert.IsFalse((await scoring.AdmitAsync(query)).Admitted);
        settled = await api.Tenants.Gate.SettledAsync();
        Assert.AreEqual((0, 0), (settled.PromptTokens, settled.OutputTokens), "what goes nowhere costs nothing");

        api.Router.Queries.Clear();
        api.Tenants.Gate.OnReserve = _ => Task.FromResult(new TenantVerdict { Status = TenantVerdictStatus.Refused, Limit = new(TenantScope.Tenant, "", LimitKind.RequestsPerSecond), Allowed = 1, RetryAfter = TimeSpan.FromSeconds(2) });
        await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, scoring.AdmitAsync(query));
        Assert.IsEmpty(api.Router.Queries, "nothing was routed");
    }

    [TestMethod]
    public async Task Post_GateOfADeadSilo_IsAskedAgainElsewhere()
    {
        await using var api = await StartAsync();
        await using var runtime = await RuntimeAsync(api);
        api.Tenants.Gate.OnReserve = _ => api.Tenants.Gate.Requests.Count == 1
            ? Task.FromException<TenantVerdict>(new TimeoutException("gone"))
            : Task.FromResult(new TenantVerdict { Status = TenantVerdictStatus.Granted, Id = "r-2" });
        api.Tenants.Gate.FailSettlements = 1;
        using var response = await api.Http.SendAsync(Post(Body, "acme"));
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual("r-2", (await api.Tenants.Gate.SettledAsync()).Id);
    }

    [TestMethod]
    public async Task Post_NothingRouted_GivesEverythingBack()
    {
        await using var api = await StartAsync();
        using var response = await api.Http.SendAsync(Post(Body, "acme"));
        Assert.AreEqual(HttpStatusCode.NotFound, response.StatusCode);
        var settled = await api.Tenants.Gate.SettledAsync();
        Assert.AreEqual((0, 0), (settled.PromptTokens, settled.OutputTokens));
    }

    [TestMethod]
    public async Task Post_RuntimeFails_GivesEverythingBack()
    {
        await using var api = await StartAsync();
        await using var runtime = await RuntimeAsync(api, FakeRuntime.Status(500));
        using var response = await api.Http.SendAsync(Post(Body, "acme"));
        var settled = await api.Tenants.Gate.SettledAsync();
        Assert.AreEqual((0, 0), (settled.PromptTokens, settled.OutputTokens));
    }

    [TestMethod]
    public async Task Post_ClientLeavesTheStream_PaysForWhatItSaw()
    {
        await using var api = await StartAsync();
        await using var runtime = await RuntimeAsync(api, async context =>
        {
            context.Response.ContentType = "text/event-stream";
            for (var i = 0; i < 3; i++) await context.Response.WriteAsync("data: {\"choices\":[]}\n\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        using (var response = await api.Http.SendAsync(Post(Body, "acme"), HttpCompletionOption.ResponseHeadersRead))
        {
            var stream = await response.Content.ReadAsStreamAsync();
            await stream.ReadExactlyAsync(new byte[66]);
        }
        var settled = await api.Tenants.Gate.SettledAsync();
        Assert.AreEqual((4, 3), (settled.PromptTokens, settled.OutputTokens));
    }

    [TestMethod]
    public async Task Post_ClientLeavesBeforeTheVerdict_GivesALateReservationBack()
    {
        await using var api = await StartAsync();
        var verdict = new TaskCompletionSource<TenantVerdict>();
        api.Tenants.Gate.OnReserve = _ => verdict.Task;
        using var leave = new CancellationTokenSource();
        var sent = api.Http.SendAsync(Post(Body, "acme"), leave.Token);
        await Eventually.HoldsAsync(() => !api.Tenants.Gate.Requests.IsEmpty, "the gate is asked");
        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => sent);
        verdict.SetResult(new() { Status = TenantVerdictStatus.Granted, Id = "late" });
        var settled = await api.Tenants.Gate.SettledAsync();
        Assert.AreEqual(("late", 0, 0), (settled.Id, settled.PromptTokens, settled.OutputTokens));
    }

    [TestMethod]
    public async Task Post_ProjectTooLong_IsBadRequest()
    {
        await using var api = await StartAsync();
        using var request = Post(Body, "acme");
        request.Headers.Add("x-infermesh-project", new string('p', 300));
        using var response = await api.Http.SendAsync(request);
        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), "x-infermesh-project");
    }

    private static async Task<ApiUnderTest> StartAsync()
    {
        var api = await ApiUnderTest.StartAsync();
        await api.Tenants.Tenant("acme").Put(new(), PolicyVersions.None, "test");
        return api;
    }

    private static async Task<FakeRuntime> RuntimeAsync(ApiUnderTest api, Func<HttpContext, Task>? onRequest = null)
    {
        var runtime = await FakeRuntime.StartAsync(onRequest);
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        return runtime;
    }

    private static HttpRequestMessage Post(string body, string tenant, string path = "/v1/completions")
    {
        var request = IngressForwardingTests.Post(body, path);
        request.Headers.Add("x-infermesh-tenant", tenant);
        return request;
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
