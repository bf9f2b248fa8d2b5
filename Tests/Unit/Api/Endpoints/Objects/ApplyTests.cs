using System.Text.Json;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Tests.Unit.Api.Endpoints.Objects;

[TestClass]
public sealed class ApplyTests
{
    private const string Apply = "/api/v1/objects:apply";
    private const string Policy = """{"apiVersion":"infermesh/v1","kind":"Policy","metadata":{"name":"chat"},"spec":{"kind":"routing","models":["llama-*"],"routing":{"strategy":"mesh"}}}""";
    private const string Endpoint = """{"apiVersion":"infermesh/v1","kind":"Endpoint","metadata":{"name":"front"},"spec":{"models":[{"model":"llama"}]}}""";
    private const string Tenant = """{"apiVersion":"infermesh/v1","kind":"Tenant","metadata":{"name":"acme"},"spec":{"limits":{"requestsPerSecond":5}}}""";
    private const string Model = """{"apiVersion":"infermesh/v1","kind":"Model","metadata":{"name":"org/llama"},"spec":{"replicas":2}}""";
    private const string Node = """{"apiVersion":"infermesh/v1","kind":"Node","metadata":{"name":"n1"},"spec":{"cell":"c1","labels":{"pool":"chat"}}}""";
    private const string Job = """{"apiVersion":"infermesh/v1","kind":"Job","metadata":{"name":"nightly"},"spec":{"name":"sft","command":["train"]}}""";

    private const string Experiment = """{"apiVersion":"infermesh/v1","kind":"Experiment","metadata":{"name":"trial"},"spec":{"models":["llama-*"],"arms":[{"name":"control","strategy":"least_queue"},{"name":"challenger","strategy":"ours"}]}}""";

    private static string Body(params string[] manifests) => $$"""{"objects":[{{string.Join(',', manifests)}}]}""";

    private static string[] Actions(Answer answer) => [.. answer.Json.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("action").GetString()!)];

    [TestMethod]
    public async Task Apply_EveryKind_CreatesThem_AndAgainChangesNothing()
    {
        using var api = new ApiHost();
        var body = Body(Endpoint, Policy, Model, Job, Experiment, Node, Tenant);
        var dry = (await api.PostAsync(Apply + "?dryRun=true", body)).AssertStatus(200);
        CollectionAssert.AreEqual(Enumerable.Repeat("created", 7).ToArray(), Actions(dry));
        Assert.IsTrue(dry.Json.GetProperty("dryRun").GetBoolean());
        Assert.IsNull(api.Mesh.Policy("chat").Current);
        Assert.IsNull(api.Mesh.Node("n1").View);
        Assert.IsEmpty(api.Mesh.Jobs.All);
        Assert.IsNull(api.Mesh.Experiments.Experiment("trial").Current);

        CollectionAssert.AreEqual(Enumerable.Repeat("created", 7).ToArray(), Actions((await api.PostAsync(Apply, body, ("x-infermesh-actor", "ci"))).AssertStatus(200)));
        Assert.AreEqual("local-admin (says ci)", api.Mesh.Policy("chat").Current!.ChangedBy);
        CollectionAssert.AreEqual(Enumerable.Repeat("unchanged", 7).ToArray(), Actions((await api.PostAsync(Apply, body)).AssertStatus(200)));
        Assert.AreEqual(1, api.Mesh.Policy("chat").Current!.Version);
        Assert.AreEqual(1, api.Mesh.Node("n1").View!.Version);
        Assert.HasCount(1, api.Mesh.Jobs.All);
    }

    [TestMethod]
    public async Task DryRun_OfAChange_NamesFieldsAndVersion_AndWritesNothing()
    {
        using var api = new ApiHost();
        (await api.PostAsync(Apply, Body(Policy))).AssertStatus(200);
        var answer = (await api.PostAsync(Apply + "?dryRun=true", Body(Policy.Replace("\"mesh\"", "\"least_queue\"", StringComparison.Ordinal).Replace("[\"llama-*\"]", "[\"llama-*\",\"qwen\"]", StringComparison.Ordinal)))).AssertStatus(200);
        var item = answer.Json.GetProperty("items")[0];
        Assert.AreEqual(("changed", 1L), (item.GetProperty("action").GetString(), item.GetProperty("version").GetInt64()));
        var changes = item.GetProperty("changes").EnumerateArray().Select(c => $"{c.GetProperty("path")}: {(c.TryGetProperty("before", out var b) ? b : default(JsonElement?))} -> {c.GetProperty("after")}").ToArray();
        CollectionAssert.AreEqual(new[] { "models[1]:  -> qwen", "routing.strategy: mesh -> least_queue" }, changes);
        Assert.AreEqual("mesh", item.GetProperty("before").GetProperty("routing").GetProperty("strategy").GetString());
        Assert.AreEqual(1, api.Mesh.Policy("chat").Current!.Version);
    }

    [TestMethod]
    public async Task Apply_ManyWrongDocuments_NamesEverythingAndChangesNothing()
    {
        using var api = new ApiHost();
        var answer = (await api.PostAsync(Apply, Body(
            Tenant,
            """{"apiVersion":"v2","kind":"Policie","metadata":{},"spec":[]}""",
            """{"apiVersion":"infermesh/v1","kind":"Policy","metadata":{"name":"a b"},"spec":{}}""",
            """{"apiVersion":"infermesh/v1","kind":"Policy","metadata":{"name":"p"},"spec":{"kind":"routing","priority":5000,"routing":{}}}""",
            """{"apiVersion":"infermesh/v1","kind":"Node","metadata":{"name":"n"},"spec":{"cell":"c","zones":"z"}}""",
            """{"apiVersion":"infermesh/v1","kind":"Model","metadata":{"name":"m"},"spec":{"replicas":"two"}}""",
            "null",
            Tenant))).AssertProblem(400);
        var errors = answer.Json.GetProperty("documents").EnumerateArray().Select(e => $"{e.GetProperty("index")} {e.GetProperty("field")}").ToArray();
        CollectionAssert.AreEqual(
            new[] { "1 apiVersion", "1 kind", "1 metadata.name", "1 spec", "2 metadata.name", "3 spec.routing.strategy", "3 spec.priority", "3 spec.routing.strategy", "4 spec.zones", "5 spec.replicas", "6 ", "7 metadata.name" },
            errors, answer.Text);
        Assert.AreEqual("p", answer.Json.GetProperty("documents")[5].GetProperty("name").GetString());
        CollectionAssert.Contains(answer.ErrorFields, "objects[4].spec.zones");
        Assert.IsNull(api.Mesh.Tenants.Tenant("acme").Current);
    }

    [TestMethod]
    public async Task Apply_AgainstAnotherVersion_IsAConflictAndChangesNothing()
    {
        using var api = new ApiHost();
        await api.Mesh.Policy("chat").Put(new() { Routing = new() { Strategy = "spread" } }, PolicyVersions.Any, "x");
        await api.Mesh.Policy("chat").Put(new() { Routing = new() { Strategy = "least_queue" } }, PolicyVersions.Any, "x");
        var stale = Policy.Replace("\"name\":\"chat\"", "\"name\":\"chat\",\"version\":1", StringComparison.Ordinal);
        foreach (var query in new[] { "", "?dryRun=true" })
        {
            var answer = (await api.PostAsync(Apply + query, Body(Tenant, stale))).AssertProblem(409);
            CollectionAssert.AreEqual(new[] { query.Length == 0 ? "not_applied" : "created", "conflict" }, Actions(answer));
            Assert.Contains("Version 2 is current, not 1", answer.Json.GetProperty("items")[1].GetProperty("reason").GetString()!);
        }
        Assert.AreEqual("least_queue", api.Mesh.Policy("chat").Current!.Spec.Routing!.Strategy);
        Assert.IsNull(api.Mesh.Tenants.Tenant("acme").Current);
        // The version that is there, and one of an object that is not there.
        CollectionAssert.AreEqual(new[] { "changed" }, Actions(await api.PostAsync(Apply, Body(stale.Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal)))));
        CollectionAssert.AreEqual(new[] { "created" }, Actions(await api.PostAsync(Apply, Body(stale.Replace("\"chat\"", "\"other\"", StringComparison.Ordinal)))));
    }

    [TestMethod]
    public async Task Apply_StoppedInTheMiddle_SaysWhatWasApplied_AndAgainConverges()
    {
        using var api = new ApiHost();
        // Tenants go first, jobs last, whatever the order of the documents.
        api.Mesh.Policy("chat").FailNextPut = new TimeoutException("No answer.");
        var answer = (await api.PostAsync(Apply, Body(Job, Policy, Tenant))).AssertProblem(503);
        CollectionAssert.AreEqual(new[] { "not_applied", "failed", "created" }, Actions(answer));
        Assert.IsEmpty(api.Mesh.Jobs.All);
        CollectionAssert.AreEqual(new[] { "created", "created", "unchanged" }, Actions((await api.PostAsync(Apply, Body(Job, Policy, Tenant))).AssertStatus(200)));
    }

    [TestMethod]
    public async Task Job_OfTheSameTokenWithOtherContent_IsRefused()
    {
        using var api = new ApiHost();
        (await api.PostAsync(Apply, Body(Job))).AssertStatus(200);
        var id = api.Mesh.Jobs.All.Single().Id;
        var answer = (await api.PostAsync(Apply, Body(Job.Replace("\"train\"", "\"test\"", StringComparison.Ordinal)))).AssertProblem(400);
        Assert.AreEqual("spec", answer.Json.GetProperty("documents")[0].GetProperty("field").GetString());
        // By its id it is the same job.
        CollectionAssert.AreEqual(new[] { "unchanged" }, Actions(await api.PostAsync(Apply, Body(Job.Replace("\"nightly\"", $"\"{id}\"", StringComparison.Ordinal)))));
        Assert.HasCount(1, api.Mesh.Jobs.All);
    }

    [TestMethod]
    public async Task Experiment_Applied_BeginsAndNeverChanges()
    {
        using var api = new ApiHost();
        (await api.PostAsync(Apply, Body(Experiment), ("x-infermesh-actor", "ci"))).AssertStatus(200);
        var experiment = api.Mesh.Experiments.Experiment("trial");
        Assert.AreEqual("local-admin (says ci)", experiment.Current!.ChangedBy);
        // As the grain stores it: a plugin without a version is the one with which it began.
        experiment.Fix("challenger", "ours@1.2.0");
        CollectionAssert.AreEqual(new[] { "unchanged" }, Actions((await api.PostAsync(Apply, Body(Experiment))).AssertStatus(200)));
        CollectionAssert.AreEqual(new[] { "unchanged" }, Actions((await api.PostAsync(Apply, Body(Experiment.Replace("\"models\"", "\"name\":\"trial\",\"models\"", StringComparison.Ordinal)))).AssertStatus(200)));
        foreach (var (other, field) in new[] { (Experiment.Replace("\"ours\"", "\"ours@1.3.0\"", StringComparison.Ordinal), "spec"), (Experiment.Replace("llama-*", "qwen-*", StringComparison.Ordinal), "spec"), (Experiment.Replace("\"models\"", "\"name\":\"x\",\"models\"", StringComparison.Ordinal), "spec.name") })
            Assert.AreEqual(field, (await api.PostAsync(Apply, Body(other))).AssertProblem(400).Json.GetProperty("documents")[0].GetProperty("field").GetString());
        Assert.AreEqual("spec.arms", (await api.PostAsync(Apply, Body(Experiment.Replace("trial", "second", StringComparison.Ordinal).Replace("{\"name\":\"control\",\"strategy\":\"least_queue\"},", "", StringComparison.Ordinal)))).AssertProblem(400).Json.GetProperty("documents")[0].GetProperty("field").GetString());

        Assert.AreEqual(0, (await api.GetAsync("/api/v1/objects")).AssertStatus(200).Json.GetProperty("items").GetArrayLength(), "applied elsewhere it would begin there");
        var exported = (await api.GetAsync("/api/v1/objects?kind=experiment")).AssertStatus(200);
        Assert.AreEqual("ours@1.2.0", exported.Json.GetProperty("items")[0].GetProperty("spec").GetProperty("arms")[1].GetProperty("strategy").GetString());
        CollectionAssert.AreEqual(new[] { "unchanged" }, Actions((await api.PostAsync(Apply, $$"""{"objects":{{exported.Json.GetProperty("items").GetRawText()}}}""")).AssertStatus(200)));
        (await api.GetAsync("/api/v1/objects?kind=Experiment&name=nobody")).AssertProblem(404);
    }

    [TestMethod]
    public async Task Export_Applied_ChangesNothing_AndPagesMeetEveryObjectOnce()
    {
        using var api = new ApiHost();
        var key = new string('a', 64);
        (await api.PostAsync(Apply, Body(Policy, Tenant, Model, Node, Job, Endpoint.Replace("\"spec\":{", $$"""
            "spec":{"auth":{"keys":["{{key}}"]},
            """, StringComparison.Ordinal)))).AssertStatus(200);
        await api.Mesh.Policy("gone").Put(new() { Routing = new() { Strategy = "mesh" } }, PolicyVersions.Any, "x");
        await api.Mesh.Policy("gone").Delete(PolicyVersions.Any, "x");
        api.Mesh.Cells["c1"] = Fakes.Cells.Of("c1");

        var all = (await api.GetAsync("/api/v1/objects")).AssertStatus(200);
        Assert.DoesNotContain(key, all.Text);
        CollectionAssert.AreEqual(new[] { "Tenant/acme", "Node/n1", "Model/org/llama", "Policy/chat", "Endpoint/front" }, Names(all));
        var again = (await api.PostAsync(Apply, $$"""{"objects":{{all.Json.GetProperty("items").GetRawText()}}}""")).AssertStatus(200);
        CollectionAssert.AreEqual(Enumerable.Repeat("unchanged", 5).ToArray(), Actions(again), again.Text);
        Assert.AreEqual(key, api.Mesh.Endpoints.Current.Single().Spec.Auth!.Keys.Single());

        var (paged, cursor) = (new List<string>(), "");
        do
        {
            var page = (await api.GetAsync($"/api/v1/objects?limit=1{cursor}")).AssertStatus(200);
            paged.AddRange(Names(page));
            cursor = page.Json.TryGetProperty("nextCursor", out var next) ? $"&cursor={next}" : "";
        }
        while (cursor.Length > 0);
        CollectionAssert.AreEqual(Names(all), paged);

        Assert.AreEqual(1, (await api.GetAsync("/api/v1/objects?kind=job")).AssertStatus(200).Json.GetProperty("items").GetArrayLength());
        Assert.AreEqual(1, (await api.GetAsync("/api/v1/objects?kind=Model&name=org/llama")).AssertStatus(200).Json.GetProperty("items").GetArrayLength());
        (await api.GetAsync("/api/v1/objects?kind=Policy&name=gone")).AssertProblem(404);
        (await api.GetAsync("/api/v1/objects?kind=Robot")).AssertProblem(400);
        (await api.GetAsync("/api/v1/objects?name=x")).AssertProblem(400);
        (await api.GetAsync("/api/v1/objects?cursor=x")).AssertProblem(400);
    }

    private static string[] Names(Answer answer) =>
        [.. answer.Json.GetProperty("items").EnumerateArray().Select(i => $"{i.GetProperty("kind")}/{i.GetProperty("metadata").GetProperty("name")}")];
}
