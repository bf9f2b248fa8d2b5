using System.Text.Json;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Keys;
using InferMesh.Grains.Abstractions.Security;

namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>The life of API keys, over REST.</summary>
[TestClass]
public sealed class KeyTests
{
    private const string Admin = "key-of-sixteen-characters";
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [TestMethod]
    public async Task Create_Key_IsShownOnceAndWorksAtOnce()
    {
        using var api = Host();
        var made = await MakeAsync(api, """{"name":"chat","roles":["inference-user"],"tenant":"acme"}""");
        var (key, prefix) = (made.GetProperty("key").GetString()!, made.GetProperty("prefix").GetString()!);
        Assert.MatchesRegex($"^im_{prefix}_[0-9a-f]{{64}}$", key);
        var me = (await WhoAsync(api, key)).AssertStatus(200).Json;
        Assert.AreEqual("chat|api_key|acme", $"{me.GetProperty("name")}|{me.GetProperty("kind")}|{me.GetProperty("tenant")}");
        (await api.GetAsync("/api/v1/whoami", ("x-api-key", key))).AssertStatus(200);

        var secret = key.Split('_')[2];
        foreach (var path in new[] { "/api/v1/keys", $"/api/v1/keys/{prefix}", "/api/v1/events?after=0" })
            Assert.DoesNotContain(secret, (await api.GetAsync(path, ("x-api-key", Admin), ("Accept", "application/json"))).AssertStatus(200).Text, path);
        var stored = api.Mesh.Keys.Keys.Single();
        Assert.DoesNotContain(secret, JsonSerializer.Serialize(stored));
        CollectionAssert.AreEqual(ApiKeyText.Hash(key), stored.Hash);
    }

    [TestMethod]
    public async Task Rotate_WithOverlap_BothSecretsWorkUntilItEnds()
    {
        using var api = Host();
        var made = await MakeAsync(api, """{"name":"k","roles":["viewer"]}""");
        var (old, prefix) = (made.GetProperty("key").GetString()!, made.GetProperty("prefix").GetString()!);
        var rotated = (await api.PostAsync($"/api/v1/keys/{prefix}:rotate", """{"overlapSeconds":600}""", ("x-api-key", Admin))).AssertStatus(200).Json.GetProperty("key").GetString()!;
        Assert.AreNotEqual(old, rotated);
        (await WhoAsync(api, old)).AssertStatus(200);
        (await WhoAsync(api, rotated)).AssertStatus(200);
        var last = (await api.PostAsync($"/api/v1/keys/{prefix}:rotate", """{"overlapSeconds":0}""", ("x-api-key", Admin))).AssertStatus(200).Json.GetProperty("key").GetString()!;
        (await WhoAsync(api, old)).AssertProblem(401);
        (await WhoAsync(api, rotated)).AssertProblem(401);
        (await WhoAsync(api, last)).AssertStatus(200);
        (await api.PostAsync($"/api/v1/keys/{prefix}:rotate", """{"overlapSeconds":2592001}""", ("x-api-key", Admin))).AssertProblem(400);
    }

    [TestMethod]
    public async Task Revoke_Key_IsGoodForNothingAnyMore()
    {
        using var api = Host();
        var made = await MakeAsync(api, """{"name":"k","roles":["viewer"]}""");
        (await WhoAsync(api, made.GetProperty("key").GetString()!)).AssertStatus(200);
        (await api.DeleteAsync($"/api/v1/keys/{made.GetProperty("prefix")}", ("x-api-key", Admin))).AssertStatus(204);
        (await WhoAsync(api, made.GetProperty("key").GetString()!)).AssertProblem(401);
        (await api.DeleteAsync($"/api/v1/keys/{made.GetProperty("prefix")}", ("x-api-key", Admin))).AssertProblem(404);
    }

    [TestMethod]
    public async Task Revoke_ByAnotherApi_IsKnownWithinFiveSeconds()
    {
        using var api = Host();
        var key = AccessCallers.Add(api.Mesh.Keys, "k", Role.Viewer, Scope.Mesh);
        await Eventually.HoldsAsync(() => (int)WhoAsync(api, key).Result.Status == 200, "the key is known");
        await api.Mesh.Keys.Revoke(key.Split('_')[1], "test");
        var since = System.Diagnostics.Stopwatch.StartNew();
        await Eventually.HoldsAsync(() => (int)WhoAsync(api, key).Result.Status == 401, "the key is revoked");
        Assert.IsLessThan(TimeSpan.FromSeconds(5), since.Elapsed);
    }

    [TestMethod]
    public async Task Key_ClusterOutOfReach_StaysGood()
    {
        using var api = Host();
        var key = AccessCallers.Add(api.Mesh.Keys, "k", Role.Viewer, Scope.Mesh);
        await Eventually.HoldsAsync(() => (int)WhoAsync(api, key).Result.Status == 200, "the key is known");
        api.Mesh.Keys.Failure = new TimeoutException("gone");
        for (var i = 0; i < 10; i++) (await WhoAsync(api, key)).AssertStatus(200);
        (await WhoAsync(api, ApiKeyText.New(ApiKeyText.NewPrefix()))).AssertProblem(401);
    }

    [TestMethod]
    public async Task Key_ClusterNeverReached_IsUnavailableAndAdminKeysWork()
    {
        using var api = Host();
        api.Mesh.Keys.Failure = new TimeoutException("gone");
        using var late = new ApiHost(api.Mesh, ("InferMesh:Api:AdminKeys:0", Admin));
        (await WhoAsync(late, ApiKeyText.New(ApiKeyText.NewPrefix()))).AssertProblem(503);
        (await WhoAsync(late, Admin)).AssertStatus(200);
    }

    [TestMethod]
    public async Task Keys_OfTheSettings_HaveOneRoleEach()
    {
        const string Viewer = "viewer-key-of-monitoring";
        const string Agent = "agent-key-of-all-nodes";
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin), ("InferMesh:Api:ViewerKeys:0", Viewer), ("InferMesh:Api:AgentKeys:0", Agent));
        CollectionAssert.AreEqual(new[] { "node-agent" }, (await WhoAsync(api, Agent)).AssertStatus(200).Json.GetProperty("roles").EnumerateArray().Select(r => r.GetString()).ToArray());
        (await api.GetAsync("/metrics", ("Authorization", "Bearer " + Agent))).AssertProblem(403);
        Assert.AreEqual("viewer-key-0", (await WhoAsync(api, Viewer)).AssertStatus(200).Json.GetProperty("name").GetString());
        (await api.GetAsync("/metrics", ("Authorization", "Bearer " + Viewer))).AssertStatus(200);
        (await api.GetAsync("/metrics")).AssertProblem(401);
        (await api.PostAsync("/api/v1/keys", """{"name":"k","roles":["viewer"]}""", ("x-api-key", Viewer))).AssertProblem(403);
    }

    [TestMethod]
    [DataRow("""{"roles":["viewer"]}""", "name")]
    [DataRow("""{"name":"k"}""", "roles")]
    [DataRow("""{"name":"k","roles":["root"]}""", "roles[0]")]
    [DataRow("""{"name":"k","roles":["viewer"],"project":"p"}""", "project")]
    [DataRow("""{"name":"k","roles":["viewer"],"nodeId":"n"}""", "nodeId")]
    [DataRow("""{"name":"k","roles":["node-agent"],"tenant":"acme"}""", "roles[0]")]
    [DataRow("""{"name":"k","roles":["viewer"],"expiresAt":"2020-01-01T00:00:00Z"}""", "expiresAt")]
    public async Task Create_WrongField_IsNamed(string body, string field)
    {
        using var api = Host();
        CollectionAssert.AreEqual(new[] { field }, (await api.PostAsync("/api/v1/keys", body, ("x-api-key", Admin))).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    [DataRow("""{"name":"k","roles":["inference-user"]}""", 201)]
    [DataRow("""{"name":"k","roles":["inference-user"],"project":"chat"}""", 201)]
    [DataRow("""{"name":"k","roles":["tenant-admin","job-submitter"],"tenant":"acme"}""", 201)]
    [DataRow("""{"name":"k","roles":["inference-user"],"tenant":"globex"}""", 403)]
    [DataRow("""{"name":"k","roles":["admin"]}""", 201)]
    public async Task Create_ByATenantsAdmin_GivesNoMoreThanItHas(string body, int status)
    {
        using var api = Host();
        var chief = AccessCallers.Add(api.Mesh.Keys, "chief", Role.TenantAdmin, new("acme", ""));
        await Eventually.HoldsAsync(() => (int)WhoAsync(api, chief).Result.Status == 200, "the key is known");
        var answer = (await api.PostAsync("/api/v1/keys", body, ("x-api-key", chief))).AssertStatus(status);
        // Whatever the role is called, the scope takes away what reaches beyond the tenant.
        if (status == 201) Assert.AreEqual("acme", answer.Json.GetProperty("tenant").GetString());
    }

    [TestMethod]
    [DataRow("")]
    [DataRow(""","expiresAt":"2034-01-01T00:00:00Z" """)]
    public async Task Create_ByACallerThatEnds_EndsWithIt(string end)
    {
        using var api = Host();
        var ends = DateTimeOffset.UtcNow.AddHours(1);
        var chief = AccessCallers.Add(api.Mesh.Keys, "chief", Role.Admin, Scope.Mesh, k => k with { ExpiresAt = ends });
        await Eventually.HoldsAsync(() => (int)WhoAsync(api, chief).Result.Status == 200, "the key is known");
        var body = $$"""{"name":"k","roles":["viewer"]{{end}}}""";
        Assert.AreEqual(ends, (await api.PostAsync("/api/v1/keys", body, ("x-api-key", chief))).AssertStatus(201).Json.GetProperty("expiresAt").GetDateTimeOffset());
        Assert.AreEqual(end.Length > 0, (await api.PostAsync("/api/v1/keys", body, ("x-api-key", Admin))).AssertStatus(201).Json.TryGetProperty("expiresAt", out _));
        var lasting = AccessCallers.Add(api.Mesh.Keys, "lasting", Role.Viewer, Scope.Mesh, static k => k);
        await Eventually.HoldsAsync(() => (int)WhoAsync(api, lasting).Result.Status == 200, "the other key is known");
        foreach (var (key, status) in new[] { (lasting, 403), (chief, 200) })
            (await api.PostAsync($"/api/v1/keys/{key.Split('_')[1]}:rotate", "{}", ("x-api-key", chief))).AssertStatus(status);
        var soon = DateTimeOffset.UtcNow.AddMinutes(5);
        var shorter = $$"""{"name":"k","roles":["viewer"],"expiresAt":"{{soon:O}}"}""";
        Assert.AreEqual(soon, (await api.PostAsync("/api/v1/keys", shorter, ("x-api-key", chief))).AssertStatus(201).Json.GetProperty("expiresAt").GetDateTimeOffset());
    }

    [TestMethod]
    public void Opens_SecretBefore_OnlyWithinTheOverlap()
    {
        var (now, before) = (ApiKeyText.New("0123456789ab"), ApiKeyText.New("0123456789ab"));
        var key = new ApiKey { Prefix = "0123456789ab", Name = "k", Roles = ["viewer"], Hash = ApiKeyText.Hash(now), PreviousHash = ApiKeyText.Hash(before), PreviousUntil = Now };
        Assert.IsTrue(KeyCallers.Opens(key, ApiKeyText.Hash(now), Now));
        Assert.IsTrue(KeyCallers.Opens(key, ApiKeyText.Hash(before), Now.AddSeconds(-1)));
        Assert.IsFalse(KeyCallers.Opens(key, ApiKeyText.Hash(before), Now));
        Assert.IsFalse(KeyCallers.Opens(key with { PreviousHash = [] }, new byte[32], Now.AddSeconds(-1)));
        Assert.IsFalse(KeyCallers.Opens(null, new byte[32], Now));
        Assert.IsFalse(KeyCallers.Opens(null, ApiKeyText.Hash(now), Now));
    }

    [TestMethod]
    public void Opens_AtItsEnd_NoMore()
    {
        var text = ApiKeyText.New("0123456789ab");
        var key = new ApiKey { Prefix = "0123456789ab", Name = "k", Roles = ["viewer"], Hash = ApiKeyText.Hash(text), ExpiresAt = Now };
        Assert.IsTrue(KeyCallers.Opens(key, ApiKeyText.Hash(text), Now.AddTicks(-1)));
        Assert.IsFalse(KeyCallers.Opens(key, ApiKeyText.Hash(text), Now));
    }

    private static ApiHost Host() => new(("InferMesh:Api:AdminKeys:0", Admin));

    private static Task<Answer> WhoAsync(ApiHost api, string key) => api.GetAsync("/api/v1/whoami", ("Authorization", "Bearer " + key));

    private static async Task<JsonElement> MakeAsync(ApiHost api, string body) => (await api.PostAsync("/api/v1/keys", body, ("x-api-key", Admin))).AssertStatus(201).Json;
}
