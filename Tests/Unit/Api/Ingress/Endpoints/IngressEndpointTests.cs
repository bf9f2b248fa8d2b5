using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;
using static InferMesh.Tests.Unit.Api.Ingress.IngressForwardingTests;

namespace InferMesh.Tests.Unit.Api.Ingress.Endpoints;

[TestClass]
public sealed class IngressEndpointTests
{
    private const string Key = "sk-of-the-endpoint";
    private const string Chat = """{ "model" : "chat", "messages":[{"role":"user","content":"h\u00e9"}] }""";

    [TestMethod]
    [DataRow("chat")]
    [DataRow("gpt-4o")]
    public async Task Post_NameOrAlias_ReachesTheModelWithEveryOtherByteAsItWas(string name)
    {
        await using var runtime = await FakeRuntime.StartAsync(context => context.Response.WriteAsync("""{"model":"org/m"}"""));
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new()
        {
            Models = [new("org/m")],
            Aliases = ["gpt-4o"],
            SloClass = "interactive",
            Placement = new() { Nodes = ["n1"], Cells = ["c1"], Zones = ["z1"], Regions = ["eu"], Labels = new Dictionary<string, string> { ["pool"] = "a" } },
        });

        using var request = Post(Chat.Replace("\"chat\"", $"\"{name}\"", StringComparison.Ordinal));
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual("""{"model":"org/m"}""", await response.Content.ReadAsStringAsync());
        Assert.AreEqual(("chat", "org/m"), (Header(response, "x-infermesh-endpoint"), Header(response, "x-infermesh-model")));
        Assert.AreEqual(Chat.Replace("\"chat\"", "\"org/m\"", StringComparison.Ordinal), Encoding.UTF8.GetString(runtime.Requests.Single().Body));
        var query = api.Router.Queries.Single();
        Assert.AreEqual(("org/m", "chat", "interactive"), (query.Model, query.Endpoint, query.SloClass));
        Assert.AreEqual(("n1", "c1", "z1", "eu", "a"), (query.Nodes.Single(), query.Cells.Single(), query.Zones.Single(), query.Regions.Single(), query.Labels["pool"]));
        Assert.AreEqual(runtime.Requests.Single().Body.Length, query.PayloadBytes);
    }

    [TestMethod]
    public async Task Post_ModelOfNoEndpoint_IsLeftAlone()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new() { Models = [new("org/m")] });

        using var request = Post("""{"model":"org/m"}""");
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.IsFalse(response.Headers.Contains("x-infermesh-endpoint"));
        Assert.AreEqual("", api.Router.Queries.Single().Endpoint);
    }

    [TestMethod]
    public async Task Post_ClassInTheRequest_WinsOverTheEndpoints()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new() { Models = [new("m")], SloClass = "interactive" });

        using var request = Post(Chat);
        request.Headers.Add("x-infermesh-slo", "batch");
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual("batch", api.Router.Queries.Single().SloClass);
    }

    [TestMethod]
    public async Task Post_TwoModels_SplitsSessionsAndKeepsEachWithItsModel()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new() { Models = [new("a", 50), new("b", 50)] });

        var first = new List<string>();
        for (var round = 0; round < 2; round++)
        {
            var models = new List<string>();
            for (var session = 0; session < 40; session++)
            {
                using var request = Post($$"""{"model":"chat","messages":[{"role":"user","content":"{{round}}"}]}""");
                request.Headers.Add("x-infermesh-session", $"s-{session}");
                using var response = await api.Http.SendAsync(request);
                models.Add(Header(response, "x-infermesh-model"));
            }
            if (round == 0) first = models;
            else CollectionAssert.AreEqual(first, models);
        }
        Assert.IsTrue(first.Count(m => m == "a") is > 8 and < 32, string.Join("", first));
    }

    [TestMethod]
    [DataRow(RouteStatus.ModelUnknown)]
    [DataRow(RouteStatus.NoEligibleTarget)]
    public async Task Post_FirstModelHasNoTarget_GoesToTheOther(RouteStatus status)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        api.Router.OnRoute = q => q.Model == "gone" ? new() { Status = status } : FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        await api.PutEndpointAsync("chat", new() { Models = [new("gone", 1000), new("there", 1)] });

        using var request = Post(Chat);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual((HttpStatusCode.OK, "there"), (response.StatusCode, Header(response, "x-infermesh-model")));
        Assert.AreEqual("""{ "model" : "there", "messages":[{"role":"user","content":"h\u00e9"}] }""", Encoding.UTF8.GetString(runtime.Requests.Single().Body));
    }

    [TestMethod]
    public async Task Post_OnlyNodeOfTheFirstModelFails_GoesToTheOther()
    {
        await using var broken = await FakeRuntime.StartAsync(FakeRuntime.Reset);
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        api.Router.OnRoute = q => q.Model == "there" ? FakeRouter.Routed("d2", FakeRouter.Target("n2", runtime.Url))
            : q.ExcludedNodes.Count > 0 ? new() { Status = RouteStatus.NoEligibleTarget } : FakeRouter.Routed("d1", FakeRouter.Target("n1", broken.Url));
        await api.PutEndpointAsync("chat", new() { Models = [new("gone", 1000), new("there", 1)] });

        using var request = Post(Chat);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual((HttpStatusCode.OK, "there", "n2", "2"),
            (response.StatusCode, Header(response, "x-infermesh-model"), Header(response, "x-infermesh-node"), Header(response, "x-infermesh-attempts")));
    }

    [TestMethod]
    [DataRow(RouteStatus.ModelUnknown, 503, 2)]
    [DataRow(RouteStatus.NoEligibleTarget, 503, 2)]
    [DataRow(RouteStatus.Overloaded, 429, 1)]
    [DataRow(RouteStatus.QuotaExceeded, 429, 1)]
    [DataRow(RouteStatus.Forbidden, 403, 1)]
    public async Task Post_NoModelTakesIt_IsRefusedOnce(RouteStatus status, int expected, int decisions)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        api.Router.OnRoute = _ => new() { Status = status };
        await api.PutEndpointAsync("chat", new() { Models = [new("a"), new("b")] });

        using var request = Post(Chat);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual((expected, decisions, "chat"), ((int)response.StatusCode, api.Router.Queries.Count, Header(response, "x-infermesh-endpoint")));
    }

    [TestMethod]
    public async Task Post_DisabledEndpoint_IsNoModel()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new() { Models = [new("m")], Enabled = false });

        using var request = Post(Chat);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual((404, "model_not_found"), await ErrorAsync(response));
        Assert.IsEmpty(api.Router.Queries);
    }

    [TestMethod]
    [DataRow(null, null, 401)]
    [DataRow("authorization", "Bearer wrong", 401)]
    [DataRow("authorization", "Basic " + Key, 401)]
    [DataRow("authorization", "Bearer " + Key, 200)]
    [DataRow("authorization", "bearer " + Key, 200)]
    [DataRow("x-api-key", Key, 200)]
    public async Task Post_EndpointWithKey_OpensForItAlone(string? header, string? value, int status)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new() { Models = [new("m")], Auth = new() { Keys = [Sha256("another"), Sha256(Key)] } });

        using var request = Post(Chat);
        if (header is not null) request.Headers.TryAddWithoutValidation(header, value);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(status, (int)response.StatusCode);
        if (status == 401)
        {
            Assert.AreEqual((401, "invalid_api_key"), await ErrorAsync(response));
            Assert.AreEqual("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
            Assert.IsEmpty(api.Router.Queries);
            return;
        }
        var received = runtime.Requests.Single().Headers;
        Assert.IsFalse(received.ContainsKey("Authorization") || received.ContainsKey("x-api-key"), "the endpoint's key reached the runtime");
    }

    [TestMethod]
    public async Task Post_KeyInOneHeader_LeavesTheRuntimesOwnInTheOther()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new() { Models = [new("m")], Auth = new() { Keys = [Sha256(Key)] } });

        using var request = Post(Chat);
        request.Headers.TryAddWithoutValidation("x-api-key", Key);
        request.Headers.TryAddWithoutValidation("authorization", "Bearer of-the-runtime");
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual("Bearer of-the-runtime", runtime.Requests.Single().Headers["Authorization"]);
    }

    [TestMethod]
    [DataRow("blue", true, "blue", 200)]
    [DataRow("blue", false, "red", 403)]
    [DataRow("blue", false, null, 403)]
    [DataRow(null, true, "red", 200)]
    [DataRow(null, true, null, 403)]
    public async Task Post_Tenants_AreLetInByName(string? allowed, bool require, string? tenant, int status)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new() { Models = [new("m")], Auth = new() { AllowedTenants = allowed is null ? [] : [allowed], RequireTenant = require } });

        using var request = Post(Chat);
        if (tenant is not null) request.Headers.Add("x-infermesh-tenant", tenant);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(status, (int)response.StatusCode);
        if (status == 403) Assert.AreEqual((403, "forbidden"), await ErrorAsync(response));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("?path=/v1/completions&x=1")]
    public async Task Invoke_BodyWithoutModel_IsTheCallThatThePathNames(string query)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new() { Models = [new("m")] });

        using var request = Post("""{"max_tokens":3}""", "/api/v1/endpoints/chat:invoke" + query);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual((HttpStatusCode.OK, "chat"), (response.StatusCode, Header(response, "x-infermesh-endpoint")));
        var received = runtime.Requests.Single();
        Assert.AreEqual(query.Length == 0 ? "/v1/chat/completions" : "/v1/completions?x=1", received.Path);
        Assert.AreEqual("""{"model":"m","max_tokens":3}""", Encoding.UTF8.GetString(received.Body));
    }

    [TestMethod]
    public async Task Invoke_Stream_ArrivesEventByEvent()
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
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new() { Models = [new("m")] });

        using var request = Post("""{"model":"whatever","stream":true}""", "/api/v1/endpoints/chat:invoke");
        using var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        for (var i = 0; i < 3; i++)
        {
            // The runtime sends the next event only after this one has been read here.
            Assert.AreEqual($"data: {i}", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
            Assert.AreEqual("", await reader.ReadLineAsync());
            next.Release();
        }
    }

    [TestMethod]
    [DataRow("/api/v1/endpoints/nobody:invoke", 404, "endpoint_not_found")]
    [DataRow("/api/v1/endpoints/m:invoke", 404, "endpoint_not_found", DisplayName = "a model is no endpoint")]
    [DataRow("/api/v1/endpoints/chat:invoke?path=/v1/models", 400, "invalid_value")]
    [DataRow("/api/v1/endpoints/chat:invoke?path=", 400, "invalid_value")]
    public async Task Invoke_BadAddress_SaysSoInTheFormOfTheProtocol(string address, int status, string code)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await StartAsync(runtime);
        await api.PutEndpointAsync("chat", new() { Models = [new("m")] });

        using var request = Post("{}", address);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual((status, code), await ErrorAsync(response));
    }

    [TestMethod]
    public async Task Post_EndpointsNotKnownYet_WaitsForThem()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync(endpoints => endpoints.Silent = true);
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        await api.Endpoints.PutAsync("m", new() { Models = [new("n")], Auth = new() { Keys = [Sha256(Key)] } });

        using var request = Post("""{"model":"m"}""");
        var answer = api.Http.SendAsync(request);
        Assert.IsEmpty(api.Router.Queries, "an endpoint that is not known yet must not be taken for the model of its name");
        api.Endpoints.Silent = false;

        using var response = await answer;
        Assert.AreEqual(401, (int)response.StatusCode);
    }

    [TestMethod]
    public async Task Models_Endpoints_StandAmongTheModelsWhenOneOfTheirsIsLive()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1", models: [new ModelSample { Model = "a" }, new ModelSample { Model = "b" }]));
        await api.PutEndpointAsync("off", new() { Models = [new("a")], Enabled = false });
        await api.PutEndpointAsync("dark", new() { Models = [new("gone")] });
        await api.PutEndpointAsync("b", new() { Models = [new("a"), new("gone")], Aliases = ["org/gpt"] });

        using var json = JsonDocument.Parse(await api.Http.GetStringAsync("/v1/models"));
        var models = json.RootElement.GetProperty("data").EnumerateArray().ToDictionary(m => m.GetProperty("id").GetString()!);

        CollectionAssert.AreEqual(new[] { "a", "b", "org/gpt" }, models.Keys.ToArray());
        Assert.IsFalse(models["a"].TryGetProperty("endpoint", out _));
        foreach (var name in new[] { "b", "org/gpt" })
        {
            Assert.IsTrue(models[name].GetProperty("endpoint").GetBoolean());
            Assert.AreEqual("a", models[name].GetProperty("models")[0].GetString());
            Assert.AreEqual(("infermesh", 1), (models[name].GetProperty("owned_by").GetString(), models[name].GetProperty("models").GetArrayLength()));
        }
        Assert.AreEqual(HttpStatusCode.OK, (await api.Http.GetAsync("/v1/models/org%2Fgpt")).StatusCode);
        Assert.AreEqual(HttpStatusCode.NotFound, (await api.Http.GetAsync("/v1/models/dark")).StatusCode);
    }

    private static async Task<ApiUnderTest> StartAsync(FakeRuntime runtime)
    {
        var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        return api;
    }

    private static string Sha256(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static async Task<(int Status, string? Code)> ErrorAsync(HttpResponseMessage response)
    {
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return ((int)response.StatusCode, json.RootElement.GetProperty("error").GetProperty("code").GetString());
    }
}
