using System.Net;
using System.Text.Json;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Ingress.Idempotency;

[TestClass]
public sealed class IdempotentRequestsTests
{
    private const string Body = """{"model":"m"}""";

    [TestMethod]
    public async Task Post_SameKeyAgain_GetsTheFirstAnswerWithoutARun()
    {
        var runs = 0;
        await using var runtime = await FakeRuntime.StartAsync(context =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync($$"""{"run":{{++runs}}}""");
        });
        await using var api = await StartAsync(runtime);

        using var first = await SendAsync(api, "k1");
        using var again = await SendAsync(api, "k1");
        using var other = await SendAsync(api, "k2");

        Assert.AreEqual("""{"run":1}""", await first.Content.ReadAsStringAsync());
        Assert.AreEqual("""{"run":1}""", await again.Content.ReadAsStringAsync());
        Assert.AreEqual(("true", "application/json", "n1"),
            (IngressForwardingTests.Header(again, "x-infermesh-replayed"), again.Content.Headers.ContentType!.MediaType, IngressForwardingTests.Header(again, "x-infermesh-node")));
        Assert.AreEqual("""{"run":2}""", await other.Content.ReadAsStringAsync());
        Assert.IsFalse(runtime.Requests.Any(r => r.Headers.ContainsKey("Idempotency-Key")), "the key is the mesh's business");
    }

    [TestMethod]
    public async Task Post_Streamed_IsReplayedWhole()
    {
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            for (var i = 0; i < 3; i++)
            {
                await context.Response.WriteAsync($"data: {{\"i\":{i}}}\n\n");
                await context.Response.Body.FlushAsync();
            }
        });
        await using var api = await StartAsync(runtime);
        using var first = await SendAsync(api, "k1");
        var text = await first.Content.ReadAsStringAsync();
        using var again = await SendAsync(api, "k1");
        Assert.AreEqual(text, await again.Content.ReadAsStringAsync());
        Assert.HasCount(1, runtime.Requests);
    }

    [TestMethod]
    public async Task Post_WhileTheFirstRuns_Is409()
    {
        var go = new TaskCompletionSource();
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            await go.Task;
            await context.Response.WriteAsync("{}");
        });
        await using var api = await StartAsync(runtime);
        var first = SendAsync(api, "k1");
        await Eventually.HoldsAsync(() => runtime.Running == 1, "the first runs");
        using var second = await SendAsync(api, "k1");
        Assert.AreEqual(HttpStatusCode.Conflict, second.StatusCode);
        Assert.AreEqual("idempotency_in_progress", await CodeAsync(second));
        Assert.AreEqual(TimeSpan.FromSeconds(1), second.Headers.RetryAfter!.Delta);
        go.SetResult();
        Assert.AreEqual(HttpStatusCode.OK, (await first).StatusCode);
    }

    [TestMethod]
    public async Task Post_SameKeyOtherBody_Is422()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        using var first = await SendAsync(api, "k1");
        using var other = await SendAsync(api, "k1", """{"model":"m","n":2}""");
        Assert.AreEqual(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.AreEqual("idempotency_mismatch", await CodeAsync(other));
    }

    [TestMethod]
    public async Task Post_FirstFailed_NextTryRuns()
    {
        await using var runtime = await FakeRuntime.StartAsync(FakeRuntime.Status(500));
        await using var api = await StartAsync(runtime);
        using var first = await SendAsync(api, "k1");
        Assert.AreEqual(HttpStatusCode.InternalServerError, first.StatusCode);
        runtime.OnRequest = context => context.Response.WriteAsync("{}");
        using var again = await SendAsync(api, "k1");
        Assert.AreEqual(HttpStatusCode.OK, again.StatusCode);
    }

    [TestMethod]
    public async Task Post_AnswerTooLongToKeep_NextTryRuns()
    {
        await using var runtime = await FakeRuntime.StartAsync(context => context.Response.WriteAsync(new string('x', 300_000)));
        await using var api = await StartAsync(runtime);
        for (var i = 1; i <= 2; i++)
        {
            using var response = await SendAsync(api, "k1");
            Assert.HasCount(300_000, await response.Content.ReadAsByteArrayAsync());
            await Eventually.HoldsAsync(() => runtime.Running == 0, "it is over");
            Assert.HasCount(i, runtime.Requests);
        }
    }

    [TestMethod]
    public async Task Post_TenantsUseOneKey_EachHasItsOwn()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        foreach (var tenant in new[] { "a", "b" })
        {
            using var request = IngressForwardingTests.Post(Body);
            request.Headers.Add("Idempotency-Key", "k1");
            request.Headers.Add("x-infermesh-tenant", tenant);
            using var response = await api.Http.SendAsync(request);
        }
        Assert.HasCount(2, runtime.Requests);
    }

    [TestMethod]
    public async Task Post_KeyTooLong_NamesTheHeader()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        using var response = await SendAsync(api, new string('k', 256));
        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), "Idempotency-Key");
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetProperty("code").GetString();

    private static async Task<ApiUnderTest> StartAsync(FakeRuntime runtime)
    {
        var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        return api;
    }

    private static async Task<HttpResponseMessage> SendAsync(ApiUnderTest api, string key, string body = Body)
    {
        using var request = IngressForwardingTests.Post(body);
        request.Headers.Add("Idempotency-Key", key);
        return await api.Http.SendAsync(request);
    }
}
