extern alias cli;
using cli::InferMesh.Control.V1;
using Grpc.Core;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Tests.Unit.Api.Grpc;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Security;

[TestClass]
public sealed class CallLimitTests
{
    private const string First = "first-key-of-an-admin";
    private const string Second = "second-key-of-an-admin";

    [TestMethod]
    public async Task Changes_BeyondTheBurst_Are429_ForTheirCallerOnly()
    {
        using var api = Host(("InferMesh:RateLimits:ChangesBurst", "2"), ("InferMesh:RateLimits:ChangesPerSecond", "1"));
        var statuses = new List<int>();
        // A slow machine earns a token meanwhile, and never as many as there are calls.
        for (var i = 0; i < 20; i++) statuses.Add((int)(await PutAsync(api, First)).Status);
        CollectionAssert.AreEqual(new[] { 412, 412 }, statuses[..2], "The first ones are looked at: there is no such tenant.");
        Assert.Contains(429, statuses);

        var refused = await UntilRefusedAsync(() => PutAsync(api, First));
        refused.AssertProblem(429);
        Assert.AreEqual("urn:infermesh:problem:rate-limited", refused.Json.GetProperty("type").GetString());
        Assert.IsNotNull(refused.Headers.RetryAfter?.Delta);
        (await PutAsync(api, Second)).AssertProblem(412);
        (await api.GetAsync("/api/v1/tenants", ("x-api-key", First))).AssertStatus(200);
        await Eventually.HoldsAsync(() => api.Mesh.Events.ReadAfter(0, 1000, TimeSpan.Zero).Result.Events.Any(e => e.Type == EventTypes.AuditDenied && e.Data["status"] == "429"), "the refusal is in the audit");
    }

    [TestMethod]
    public async Task Changes_OverGrpcBeyondTheBurst_AreResourceExhausted()
    {
        await using var api = await ApiUnderTest.StartAsync(("InferMesh:RateLimits:ChangesBurst", "1"), ("InferMesh:RateLimits:ChangesPerSecond", "1"));
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        var error = await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, async () =>
        {
            for (var i = 0; i < 50; i++) await client.SetTenantAsync(new() { Tenant = new() { Name = "acme" }, });
        });
        Assert.AreEqual("RATE_LIMITED", RpcAssert.Detail<Google.Rpc.ErrorInfo>(error).Reason);
        Assert.IsNotNull(RpcAssert.Detail<Google.Rpc.RetryInfo>(error).RetryDelay);
    }

    [TestMethod]
    public async Task SignIns_ThatFailTooOften_Are429_AndAGoodKeyOpensStill()
    {
        using var api = Host(("InferMesh:RateLimits:FailedSignInsBurst", "2"), ("InferMesh:RateLimits:FailedSignInsPerSecond", "1"));
        (await GuessAsync(api)).AssertProblem(401);
        var refused = (await UntilRefusedAsync(() => GuessAsync(api))).AssertProblem(429);
        Assert.IsNotNull(refused.Headers.RetryAfter?.Delta);
        (await api.GetAsync("/api/v1/nodes", ("x-api-key", First))).AssertStatus(200);
        (await api.GetAsync("/api/v1/nodes")).AssertProblem(401);
        var model = await UntilRefusedAsync(() => api.PostAsync("/v1/chat/completions", """{"model":"m"}""", ("Authorization", "Bearer wrong")));
        Assert.AreEqual("rate_limited", model.AssertStatus(429).Json.GetProperty("error").GetProperty("code").GetString());
    }

    private static ApiHost Host(params (string, string)[] limits) => new([("InferMesh:Api:AdminKeys:0", First), ("InferMesh:Api:AdminKeys:1", Second), .. limits]);

    private static Task<Answer> PutAsync(ApiHost api, string key) => api.PutAsync("/api/v1/tenants/acme", "{}", ("x-api-key", key), ("If-Match", "*"));

    private static Task<Answer> GuessAsync(ApiHost api) => api.GetAsync("/api/v1/nodes", ("x-api-key", $"guess-{Guid.NewGuid():N}"));

    private static async Task<Answer> UntilRefusedAsync(Func<Task<Answer>> call)
    {
        for (var i = 0; i < 1000; i++)
        {
            if (await call() is { Status: System.Net.HttpStatusCode.TooManyRequests } refused) return refused;
        }
        throw new AssertFailedException("Nothing was refused.");
    }
}
