namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>Tokens at the door of a whole API: the good ones, and those of attackers.</summary>
[TestClass]
public sealed class TokenTests
{
    private static TestTokens s_tokens = null!;
    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context)
    {
        s_tokens = new();
        s_api = Host(s_tokens.Jwks());
    }

    [ClassCleanup]
    public static void Stop()
    {
        s_api.Dispose();
        s_tokens.Dispose();
    }

    [TestMethod]
    public async Task Token_OfTheIssuer_IsItsCaller()
    {
        var me = (await SendAsync(s_api, s_tokens.Good())).AssertStatus(200).Json;
        Assert.AreEqual("ada|token|enforced", $"{me.GetProperty("name")}|{me.GetProperty("kind")}|{me.GetProperty("mode")}");
        CollectionAssert.AreEqual(new[] { "operator" }, me.GetProperty("roles").EnumerateArray().Select(r => r.GetString()).ToArray(), "Roles of others are passed over.");
        Assert.IsFalse(me.TryGetProperty("tenant", out _));
    }

    [TestMethod]
    public async Task Token_WithTenantProjectAndNode_IsLimitedToThem()
    {
        var me = (await SendAsync(s_api, s_tokens.Good(c => (c["tenant"], c["project"], c["node"], c["roles"]) = ("acme", "chat", "n-1", "inference-user job-submitter")))).AssertStatus(200).Json;
        Assert.AreEqual("acme|chat|n-1", $"{me.GetProperty("tenant")}|{me.GetProperty("project")}|{me.GetProperty("nodeId")}");
        CollectionAssert.AreEquivalent(new[] { "identify", "infer", "jobs.read", "jobs.write", "capacity.read" }, me.GetProperty("permissions").EnumerateArray().Select(r => r.GetString()).ToArray());
    }

    [TestMethod]
    public async Task Token_WithoutTenant_HasNoRole()
    {
        var token = s_tokens.Good(c => c.Remove("tenant"));
        Assert.AreEqual(0, (await SendAsync(s_api, token)).AssertStatus(200).Json.GetProperty("roles").GetArrayLength());
        (await s_api.GetAsync("/api/v1/nodes", ("Authorization", "Bearer " + token))).AssertProblem(403);
    }

    [TestMethod]
    public async Task Token_EndedWithinTheSkewOfClocks_IsGood() => (await SendAsync(s_api, s_tokens.Good(c => (c["nbf"], c["exp"]) = (DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 100, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 10)))).AssertStatus(200);

    [TestMethod]
    [DataRow("no algorithm")]
    [DataRow("no algorithm, other letters")]
    [DataRow("no signature")]
    [DataRow("another's key")]
    [DataRow("another's key without its name")]
    [DataRow("the name of another key")]
    [DataRow("the name of no key")]
    [DataRow("a key that the token brings")]
    [DataRow("HMAC with the public key, PEM")]
    [DataRow("HMAC with the public key, PKCS 1")]
    [DataRow("HMAC with the public key, DER")]
    [DataRow("another audience")]
    [DataRow("no audience")]
    [DataRow("another issuer")]
    [DataRow("no issuer")]
    [DataRow("expired")]
    [DataRow("no end")]
    [DataRow("not valid yet")]
    [DataRow("changed content")]
    [DataRow("no name")]
    [DataRow("a tenant with a slash")]
    [DataRow("a project of no tenant")]
    [DataRow("three words")]
    public async Task Token_OfAnAttacker_IsRefused(string attack)
    {
        var token = s_tokens.Attack(attack);
        var answer = (await SendAsync(s_api, token)).AssertProblem(401);
        Assert.AreEqual("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        if (token.Split('.')[1].Length > 10) Assert.DoesNotContain(token.Split('.')[1], answer.Text, "Nothing of a token is said again.");
    }

    [TestMethod]
    public async Task Token_WithKeysInPemForm_IsTakenOfEachOfThem()
    {
        using var api = Host(s_tokens.Pem());
        (await SendAsync(api, s_tokens.GoodEc())).AssertStatus(200);
        (await SendAsync(api, s_tokens.Good())).AssertStatus(200);
        foreach (var attack in new[] { "no algorithm", "another's key", "HMAC with the public key, PEM" }) (await SendAsync(api, s_tokens.Attack(attack))).AssertProblem(401);
    }

    [TestMethod]
    public async Task Token_WhereNoneAreTaken_IsAnUnknownKey()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", "key-of-sixteen-characters"));
        (await SendAsync(api, s_tokens.Good())).AssertProblem(401);
    }

    private static Task<Answer> SendAsync(ApiHost api, string token) => api.GetAsync("/api/v1/whoami", ("Authorization", "Bearer " + token));

    private static ApiHost Host(string keys) => new(("InferMesh:Security:Tokens:SigningKeysPath", keys), ("InferMesh:Security:Tokens:Issuer", TestTokens.Issuer));
}
