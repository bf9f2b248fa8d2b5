using System.Net;
using System.Text;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Ingress;

[TestClass]
public sealed class IngressForwardingTests
{
    private const string Body = "{ \"model\" : \"m\",\n \"messages\":[{\"content\":\"h\u00e9\\u00e9 12\"}], \"unknown\":{\"a\":[1,2]} }";

    [TestMethod]
    public async Task Post_OneTarget_PassesBytesBothWays()
    {
        var answer = new byte[300_000];
        Random.Shared.NextBytes(answer);
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            context.Response.ContentType = "application/octet-stream";
            context.Response.Headers["X-Runtime"] = "yes";
            context.Response.Headers["x-infermesh-node"] = "forged";
            context.Response.Headers["Proxy-Authenticate"] = "hop";
            await context.Response.Body.WriteAsync(answer);
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url + "/v1", synthetic: true));

        using var request = Post(Body, "/v1/chat/completions?x=1");
        request.Headers.Add("x-request-id", "r-1");
        request.Headers.Add("x-infermesh-tenant", "t1");
        request.Headers.Add("x-infermesh-slo", "latency");
        request.Headers.Add("x-infermesh-prompt-tokens", "77");
        request.Headers.Add("x-api-key", "secret");
        request.Headers.Add("X-Custom", "kept");
        request.Headers.Add("Proxy-Authorization", "hop");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var response = await api.Http.SendAsync(request);

        CollectionAssert.AreEqual(answer, await response.Content.ReadAsByteArrayAsync());
        Assert.AreEqual(("r-1", "n1", "1", "d1", "true", "yes"), (Header(response, "x-request-id"), Header(response, "x-infermesh-node"),
            Header(response, "x-infermesh-attempts"), Header(response, "x-infermesh-decision"), Header(response, "x-infermesh-synthetic"), Header(response, "X-Runtime")));
        Assert.IsFalse(response.Headers.Contains("Proxy-Authenticate"));

        var received = runtime.Requests.Single();
        CollectionAssert.AreEqual(Encoding.UTF8.GetBytes(Body), received.Body);
        Assert.AreEqual("/v1/chat/completions?x=1", received.Path);
        Assert.AreEqual("kept", received.Headers["X-Custom"]);
        Assert.AreEqual("r-1", received.Headers["x-request-id"]);
        StringAssert.Contains(received.Headers["traceparent"], "0af7651916cd43dd8448eb211c80319c");
        foreach (var stopped in new[] { "x-infermesh-tenant", "x-api-key", "Proxy-Authorization" }) Assert.IsFalse(received.Headers.ContainsKey(stopped), stopped);

        var query = api.Router.Queries.Single();
        Assert.AreEqual(("m", "r-1", "t1", "latency", 77), (query.Model, query.RequestId, query.Tenant, query.SloClass, query.PromptTokens));
        Assert.AreNotEqual(0UL, query.Unit, "drawn by the mesh");
        Assert.AreEqual(AnswerForm.Whole, query.Answer);
        var report = (await api.Router.WaitForReportsAsync(1)).Single();
        Assert.AreEqual(("d1", OutcomeStatus.Success, "n1"), (report.DecisionId, report.Status, report.NodeId));
        Assert.IsNull(report.TtftMs, "an answer in one piece has no first token");
        Assert.IsGreaterThan(0, report.LatencyMs!.Value);
    }

    [TestMethod]
    [DataRow("/v1/embeddings", """{"model":"m","input":["a","b"]}""")]
    [DataRow("/v1/responses", """{"model":"m","instructions":"i","input":"a","max_output_tokens":7}""")]
    [DataRow("/v1/messages", """{"model":"m","system":"s","messages":[],"max_tokens":7}""")]
    [DataRow("/tokenize", """{"model":"m","prompt":"a"}""")]
    [DataRow("/detokenize", """{"model":"m","tokens":[1,2]}""")]
    public async Task Post_OtherPaths_AreForwardedAsTheyAre(string path, string body)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));

        using var request = Post(body, path);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        var received = runtime.Requests.Single();
        Assert.AreEqual(path, received.Path);
        CollectionAssert.AreEqual(Encoding.UTF8.GetBytes(body), received.Body);
        if (body.Contains('7')) Assert.AreEqual(7, api.Router.Queries.Single().OutputTokens);
    }

    [TestMethod]
    public async Task Post_Stream_ArrivesChunkByChunk()
    {
        var next = new SemaphoreSlim(0);
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            for (var i = 0; i < 3; i++)
            {
                await context.Response.WriteAsync($"data: {i}\n\n");
                await context.Response.Body.FlushAsync();
                await next.WaitAsync(context.RequestAborted);
            }
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));

        using var request = Post("""{"model":"m","stream":true}""");
        using var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        Assert.AreEqual("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        for (var i = 0; i < 3; i++)
        {
            // The runtime sends the next event only after this one has been read here.
            Assert.AreEqual($"data: {i}", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
            Assert.AreEqual("", await reader.ReadLineAsync());
            next.Release();
        }
        Assert.IsNull(await reader.ReadLineAsync());
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Post_ClientGoesAway_StopsRuntimeWithinOneSecond(bool afterFirstByte)
    {
        var started = new TaskCompletionSource();
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            if (afterFirstByte)
            {
                await context.Response.WriteAsync("data: 0\n\n");
                await context.Response.Body.FlushAsync();
            }
            started.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url), FakeRouter.Target("n2", runtime.Url));

        using var leave = new CancellationTokenSource();
        using var request = Post("""{"model":"m","stream":true}""");
        var sending = api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await started.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.AreEqual(1, runtime.Running);
        if (afterFirstByte) (await sending).Dispose();
        else await leave.CancelAsync();

        var clock = System.Diagnostics.Stopwatch.StartNew();
        var report = (await api.Router.WaitForReportsAsync(1)).Single();
        Assert.IsTrue(SpinWait.SpinUntil(() => runtime.Running == 0, TimeSpan.FromSeconds(10)), "The runtime still generates.");
        Assert.IsTrue(clock.Elapsed < TimeSpan.FromSeconds(1), $"took {clock.Elapsed}");
        Assert.AreEqual(OutcomeStatus.Cancelled, report.Status);
        Assert.AreEqual(1, runtime.Requests.Count, "A client that is gone needs no failover.");
        if (!afterFirstByte) await Assert.ThrowsAsync<OperationCanceledException>(() => sending);
    }

    [TestMethod]
    public async Task Post_RuntimeBreaksMidStream_ResetsClientAndTriesNobodyElse()
    {
        var read = new SemaphoreSlim(0);
        await using var broken = await FakeRuntime.StartAsync(async context =>
        {
            await context.Response.WriteAsync("data: 0\n\n");
            await context.Response.Body.FlushAsync();
            await read.WaitAsync(TimeSpan.FromSeconds(10));
            context.Abort();
        });
        await using var spare = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", broken.Url), FakeRouter.Target("n2", spare.Url));

        using var request = Post("""{"model":"m","stream":true}""");
        using var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[100];
        Assert.AreEqual(9, await stream.ReadAsync(buffer));
        read.Release();

        await Assert.ThrowsAsync<IOException>(() => stream.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(10)));
        var report = (await api.Router.WaitForReportsAsync(1)).Single();
        Assert.AreEqual((OutcomeStatus.Error, "n1"), (report.Status, report.NodeId));
        Assert.IsEmpty(spare.Requests);
    }

    [TestMethod]
    public async Task Post_RuntimeHangs_EndsWithItsTime()
    {
        await using var runtime = await FakeRuntime.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var api = await ApiUnderTest.StartAsync(("RequestTimeout", "00:00:00.300"));
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));

        using var request = Post("""{"model":"m"}""");
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.AreEqual(OutcomeStatus.Timeout, (await api.Router.WaitForReportsAsync(1)).Single().Status);
        Assert.IsTrue(SpinWait.SpinUntil(() => runtime.Running == 0, TimeSpan.FromSeconds(10)));
    }

    [TestMethod]
    public async Task Post_RuntimeAnswersAnError_PassesItOn()
    {
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            context.Response.StatusCode = 422;
            await context.Response.WriteAsync("no");
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url), FakeRouter.Target("n2", runtime.Url));

        using var request = Post("""{"model":"m"}""", "/v1/completions");
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(422, (int)response.StatusCode);
        Assert.AreEqual("no", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(OutcomeStatus.Rejected, (await api.Router.WaitForReportsAsync(1)).Single().Status);
        Assert.AreEqual("/v1/completions", runtime.Requests.Single().Path);
    }

    internal static HttpRequestMessage Post(string body, string path = "/v1/chat/completions") =>
        new(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    internal static string Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : "";
}
