using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>What is one tenant's is invisible to another.</summary>
[TestClass]
public sealed class TenancyTests
{
    private const string Globex = "globex";
    private static ApiHost s_api = null!;
    private static string s_key = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        s_api = new(("InferMesh:Api:AdminKeys:0", "key-of-sixteen-characters"));
        s_key = AccessCallers.Add(s_api.Mesh.Keys, "globex-admin", Role.TenantAdmin, new(Globex, ""));
        AccessCallers.Add(s_api.Mesh.Keys, "secret-of-acme", Role.InferenceUser, new("acme", ""));
        s_api.Mesh.Jobs.Put("j-1", spec => spec with { Name = "secret-of-acme", Tenant = "acme" });
        s_api.Mesh.Jobs.Put("j-2", spec => spec with { Name = "own", Tenant = Globex });
        foreach (var tenant in new[] { "acme", Globex }) await s_api.Mesh.Tenants.Tenant(tenant).Put(new TenantSpec { Description = tenant == "acme" ? "secret-of-acme" : "own" }, PolicyVersions.Any, "test");
        await s_api.Mesh.Events.Append(new() { Type = EventTypes.JobSubmitted, Subject = "secret-of-acme", Tenant = "acme" });
        await s_api.Mesh.Events.Append(new() { Type = EventTypes.NodeJoined, Subject = "secret-of-acme" });
        await s_api.Mesh.Events.Append(new() { Type = EventTypes.JobSubmitted, Subject = "own", Tenant = Globex });
        s_api.Mesh.Jobs.Current = new()
        {
            Nodes = [new() { Node = "n-1", Gpus = 8, Free = 4, Jobs = ["secret-of-acme"] }],
            Tenants = [new("secret-of-acme", 4, null, 1, 0, 3), new(Globex, 0, null, 1, 0, 1)],
            Waiting = 4,
            ReservedFor = "secret-of-acme",
        };
        await Eventually.HoldsAsync(() => (int)GetAsync("/api/v1/whoami").Result.Status == 200, "the key is known");
    }

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    [DataRow("/api/v1/jobs", "own")]
    [DataRow("/api/v1/jobs?tenant=acme", "\"total\":0")]
    [DataRow("/api/v1/jobs?node=n-1", "items")]
    [DataRow("/api/v1/tenants", "own")]
    [DataRow("/api/v1/events?after=0", "own")]
    [DataRow("/api/v1/events?after=0&types=NODE_JOINED", "items")]
    [DataRow("/api/v1/capacity", "n-1")]
    [DataRow("/api/v1/keys", "globex-admin")]
    public async Task List_OfAnotherTenant_IsNotInIt(string path, string has)
    {
        var answer = (await GetAsync(path)).AssertStatus(200);
        Assert.Contains(has, answer.Text);
        Assert.DoesNotContain("acme", answer.Text.Replace("tenant=acme", "", StringComparison.Ordinal), path);
    }

    [TestMethod]
    public async Task List_Counts_AreOwn()
    {
        var jobs = (await GetAsync("/api/v1/jobs")).Json;
        Assert.AreEqual((1, 1), (jobs.GetProperty("total").GetInt32(), jobs.GetProperty("byState").EnumerateObject().Sum(s => s.Value.GetInt32())));
        Assert.AreEqual(1, (await GetAsync("/api/v1/capacity")).Json.GetProperty("waiting").GetInt32());
    }

    [TestMethod]
    [DataRow("GET", "/api/v1/jobs/{0}", "j-1")]
    [DataRow("GET", "/api/v1/jobs/{0}/events", "j-1")]
    [DataRow("GET", "/api/v1/jobs/{0}/explain", "j-1")]
    [DataRow("POST", "/api/v1/jobs/{0}:cancel", "j-1")]
    [DataRow("POST", "/api/v1/jobs/{0}:pause", "j-1")]
    [DataRow("GET", "/api/v1/tenants/{0}", "acme")]
    [DataRow("GET", "/api/v1/tenants/{0}/usage", "acme")]
    public async Task ForeignThing_AnswersAsAMissingOne(string method, string path, string foreign)
    {
        // Of the same length and form, after the same number of calls.
        var missing = foreign[..^1] + "9";
        var before = s_api.Mesh.Calls;
        var theirs = (await SendAsync(method, string.Format(System.Globalization.CultureInfo.InvariantCulture, path, foreign))).AssertProblem(404);
        var between = s_api.Mesh.Calls;
        var nobodys = (await SendAsync(method, string.Format(System.Globalization.CultureInfo.InvariantCulture, path, missing))).AssertProblem(404);
        Assert.AreEqual(Shape(nobodys, missing), Shape(theirs, foreign));
        Assert.AreEqual(s_api.Mesh.Calls - between, between - before);
        Assert.AreEqual(JobState.Queued, s_api.Mesh.Jobs.Job("j-1").Current!.State);
    }

    [TestMethod]
    public async Task Reason_NamingAnotherJob_DoesNotNameIt()
    {
        const string Other = "j-0123456789abcdefghijklmnop";
        s_api.Mesh.Jobs.Explanations["j-2"] = new() { Job = "j-2", Reason = $"what is free is kept for {Other} that goes before it" };
        var reason = (await GetAsync("/api/v1/jobs/j-2/explain")).AssertStatus(200).Json.GetProperty("reason").GetString();
        Assert.AreEqual("what is free is kept for another job that goes before it", reason);
    }

    [TestMethod]
    public async Task Event_NamingAnotherJob_DoesNotNameIt()
    {
        const string Other = "j-0123456789abcdefghijklmnop";
        await s_api.Mesh.Events.Append(new() { Type = EventTypes.JobStateChanged, Subject = "j-2", Tenant = Globex, Reason = $"makes room for {Other}", Data = new Dictionary<string, string> { ["reason"] = $"makes room for {Other}" } });
        var text = (await GetAsync("/api/v1/events?after=0")).AssertStatus(200).Text;
        Assert.Contains("makes room for another job", text);
        Assert.DoesNotContain(Other, text);
    }

    [TestMethod]
    public async Task Environment_OfAJob_IsForThoseWhoSubmitJobs()
    {
        var viewer = AccessCallers.Add(s_api.Mesh.Keys, "viewer", Role.Viewer, Scope.Mesh);
        await Eventually.HoldsAsync(() => (int)s_api.GetAsync("/api/v1/whoami", ("x-api-key", viewer)).Result.Status == 200, "the key is known");
        s_api.Mesh.Jobs.Put("j-3", spec => spec with { Tenant = "initech", Environment = new Dictionary<string, string> { ["TOKEN"] = "t0ps3cret" } });
        Assert.Contains("t0ps3cret", (await s_api.GetAsync("/api/v1/jobs/j-3", ("x-api-key", "key-of-sixteen-characters"))).AssertStatus(200).Text);
        foreach (var path in new[] { "/api/v1/jobs/j-3", "/api/v1/jobs", "/api/v1/objects?kind=Job" })
        {
            var seen = (await s_api.GetAsync(path, ("x-api-key", viewer))).AssertStatus(200).Text;
            Assert.DoesNotContain("t0ps3cret", seen, path);
            // Lists have no environments.
            if (path != "/api/v1/jobs") Assert.Contains("\"TOKEN\":\"***\"", seen, path);
        }
    }

    [TestMethod]
    public async Task Route_ByATenant_TellsNothingOfTheMesh()
    {
        var seen = (await s_api.PostAsync("/api/v1/route", """{"model":"m"}""", ("x-api-key", s_key))).AssertStatus(200).Json;
        Assert.AreEqual((0, 0, false), (seen.GetProperty("excluded").GetArrayLength(), seen.GetProperty("policies").GetArrayLength(), seen.TryGetProperty("silo", out _)));
    }

    [TestMethod]
    public async Task Outcome_ByATenant_IsLimitedToIt()
    {
        await s_api.PostAsync("/api/v1/outcomes", """{"decisionId":"1-127.0.0.1:11111@42","status":"error"}""", ("x-api-key", s_key));
        Assert.AreEqual(Globex, s_api.Mesh.Router.LastOutcome!.Tenant);
    }

    [TestMethod]
    public async Task Endpoint_OfOtherTenants_IsNoModel()
    {
        await s_api.Mesh.Endpoints.PutAsync("secret-of-acme", new EndpointSpec { Models = [new("m", 1)], Auth = new() { AllowedTenants = ["acme"] } });
        await Eventually.HoldsAsync(() => (int)s_api.PostAsync("/v1/chat/completions", """{"model":"secret-of-acme"}""", ("x-api-key", s_key)).Result.Status == 404, "it answers as a model that nobody serves");
        Assert.DoesNotContain("acme", (await GetAsync("/v1/models")).Text);
        (await s_api.PostAsync("/api/v1/endpoints/secret-of-acme:invoke", "{}", ("x-api-key", s_key))).AssertStatus(404);
    }

    [TestMethod]
    public async Task Route_WithoutATenant_IsTheCallersOwn()
    {
        (await s_api.PostAsync("/api/v1/route", """{"model":"m"}""", ("x-api-key", s_key))).AssertStatus(200);
        Assert.AreEqual(Globex, s_api.Mesh.Router.LastQuery!.Tenant);
    }

    [TestMethod]
    public async Task Submit_WithoutATenant_IsTheCallersOwn()
    {
        var job = (await s_api.PostAsync("/api/v1/jobs?dryRun=false", """{"name":"n","command":["x"]}""", ("x-api-key", s_key))).AssertStatus(201).Json;
        Assert.AreEqual(Globex, job.GetProperty("spec").GetProperty("tenant").GetString());
        await s_api.Mesh.Jobs.Job(job.GetProperty("id").GetString()!).Cancel("", "test");
        (await s_api.PostAsync("/api/v1/jobs", """{"name":"n","tenant":"acme","command":["x"]}""", ("x-api-key", s_key))).AssertProblem(403);
    }

    private static string Shape(Answer answer, string name) => System.Text.RegularExpressions.Regex.Replace(answer.Text.Replace(name, "X", StringComparison.Ordinal), "\"traceId\":\"[0-9a-f]+\"", "");

    private static Task<Answer> GetAsync(string path) => SendAsync("GET", path);

    private static Task<Answer> SendAsync(string method, string path) => s_api.SendAsync(new(method), path, null, ("x-api-key", s_key), ("Accept", "application/json"));
}
