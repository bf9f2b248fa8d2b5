using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Tests.Unit.Api.Fakes;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class NodeTests
{
    private const string Body = """{"cell":"c1","zone":"z1","labels":{"pool":"chat"}}""";

    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context)
    {
        s_api = new();
        s_api.Mesh.Cells["c1"] = Cells.Of("c1", [.. Enumerable.Range(0, 10).Select(i => Cells.Node($"n{i * 2:00}", "c1"))]);
        s_api.Mesh.Cells["c2"] = Cells.Of("c2", "other", [.. Enumerable.Range(0, 10).Select(i => Cells.Node($"n{(i * 2) + 1:00}", "c2", "z2"))]);
    }

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    public async Task List_PagedByCursor_ShowsEveryNodeOnceInIdOrder()
    {
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await s_api.GetAsync($"/api/v1/nodes?limit=7{(cursor is null ? "" : "&cursor=" + cursor)}")).AssertStatus(200).Json;
            Assert.AreEqual(20, page.GetProperty("total").GetInt32());
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(n => n.GetProperty("id").GetString()!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        CollectionAssert.AreEqual(Enumerable.Range(0, 20).Select(i => $"n{i:00}").ToList(), seen);
    }

    [TestMethod]
    [DataRow("cell=c1", 10)]
    [DataRow("cell=nowhere", 0)]
    [DataRow("zone=z2", 10)]
    [DataRow("model=org/llama", 10)]
    [DataRow("label=pool=z2", 10)]
    [DataRow("label=pool=z2&label=pool=z1", 0)]
    [DataRow("health=ready", 20)]
    [DataRow("health=offline&health=ready", 20)]
    [DataRow("health=offline", 0)]
    [DataRow("synthetic=false", 0)]
    [DataRow("region=nowhere", 0)]
    public async Task List_Filtered_CountsWhatMatches(string query, int total) =>
        Assert.AreEqual(total, (await s_api.GetAsync("/api/v1/nodes?" + query)).AssertStatus(200).Json.GetProperty("total").GetInt32());

    [TestMethod]
    [DataRow("", 1)]
    [DataRow("?zone=old", 0)]
    [DataRow("?zone=new", 1)]
    public async Task List_NodeThatMoved_IsJudgedByItsNewRegistration(string query, int total)
    {
        using var api = new ApiHost();
        api.Mesh.Cells["a"] = Cells.Of("a", Cells.Node("n", "a", "old"));
        var now = Cells.Of("b", Cells.Node("n", "b", "new"));
        now.Nodes.Version[0] = 2;
        api.Mesh.Cells["b"] = now;
        Assert.AreEqual(total, (await api.GetAsync("/api/v1/nodes" + query)).AssertStatus(200).Json.GetProperty("total").GetInt32());
    }

    [TestMethod]
    public async Task List_UnknownNumbers_AreAbsent()
    {
        var node = (await s_api.GetAsync("/api/v1/nodes?limit=1")).Json.GetProperty("items")[0];
        Assert.IsFalse(node.TryGetProperty("rttMs", out _));
        Assert.IsFalse(node.GetProperty("gpus").TryGetProperty("smUtilization", out _));
        Assert.AreEqual("ready", node.GetProperty("health").GetString());
        Assert.IsTrue(node.GetProperty("synthetic").GetBoolean());
    }

    [TestMethod]
    public async Task List_BadParameters_NamesAllAtOnce()
    {
        var answer = (await s_api.GetAsync("/api/v1/nodes?limit=0&health=fine&synthetic=maybe&label=x&cursor=%21&zon=a")).AssertProblem(400);
        CollectionAssert.IsSubsetOf(new[] { "health", "limit", "synthetic", "zon" }, answer.ErrorFields);
        (await s_api.GetAsync("/api/v1/nodes?cursor=AAAA")).AssertProblem(400);
        (await s_api.GetAsync("/api/v1/nodes?label=x")).AssertProblem(400);
    }

    [TestMethod]
    public async Task Get_Unknown_IsNotFoundWithoutAskingForOddKeys()
    {
        (await s_api.GetAsync("/api/v1/nodes/nobody")).AssertProblem(404);
        (await s_api.GetAsync("/api/v1/nodes/a%20b")).AssertProblem(404);
        (await s_api.GetAsync("/api/v1/nodes/" + new string('x', 200))).AssertProblem(404);
    }

    [TestMethod]
    public async Task Get_WithItsEtag_IsNotModifiedUntilSomethingChanges()
    {
        await s_api.PutAsync("/api/v1/nodes/etag-1", Body);
        var first = (await s_api.GetAsync("/api/v1/nodes/etag-1")).AssertStatus(200);
        Assert.IsNotNull(first.Etag);
        Assert.AreEqual("", (await s_api.GetAsync("/api/v1/nodes/etag-1", ("If-None-Match", first.Etag))).AssertStatus(304).Text);
        (await s_api.GetAsync("/api/v1/nodes/etag-1", ("If-None-Match", "junk"))).AssertProblem(400);
        var node = s_api.Mesh.Node("etag-1");
        node.View = node.View! with { Sequence = 1, Health = NodeHealth.Ready };
        (await s_api.GetAsync("/api/v1/nodes/etag-1", ("If-None-Match", first.Etag))).AssertStatus(200);
    }

    [TestMethod]
    public async Task Put_NewThenAgain_IsCreatedThenOk()
    {
        var made = (await s_api.PutAsync("/api/v1/nodes/put-1", Body, ("x-infermesh-actor", "ada"))).AssertStatus(201);
        Assert.AreEqual("/api/v1/nodes/put-1", made.Headers.Location?.ToString());
        Assert.AreEqual("chat", made.Json.GetProperty("labels").GetProperty("pool").GetString());
        Assert.AreEqual("local-admin (says ada)", s_api.Mesh.Node("put-1").LastActor);
        (await s_api.PutAsync("/api/v1/nodes/put-1", Body)).AssertStatus(200);
        Assert.AreEqual("local-admin", s_api.Mesh.Node("put-1").LastActor);
    }

    [TestMethod]
    public async Task Put_BadInput_NamesFieldsInTheCallersTerms()
    {
        CollectionAssert.AreEqual(new[] { "cell", "id" }, (await s_api.PutAsync("/api/v1/nodes/a!b", "{}")).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(new[] { "cell" }, (await s_api.PutAsync("/api/v1/nodes/ok", """{"cell":"c 1"}""")).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(new[] { "labels.a", "roles[0]" }, (await s_api.PutAsync("/api/v1/nodes/ok", """{"cell":"c","labels":{"a":null},"roles":[null]}""")).AssertProblem(400).ErrorFields);
        (await s_api.PutAsync("/api/v1/nodes/ok", Body, ("x-infermesh-actor", new string('a', 129)))).AssertProblem(400);
    }

    [TestMethod]
    public async Task Post_IdInBody_Registers()
    {
        (await s_api.PostAsync("/api/v1/nodes", """{"id":"post-1","cell":"c1"}""")).AssertStatus(201);
        CollectionAssert.AreEqual(new[] { "id" }, (await s_api.PostAsync("/api/v1/nodes", """{"cell":"c1"}""")).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    public async Task Commands_OnANode_ChangeItsHealth()
    {
        await s_api.PutAsync("/api/v1/nodes/cmd-1", Body);
        Assert.AreEqual("cordoned", (await s_api.PostAsync("/api/v1/nodes/cmd-1:cordon", """{"reason":"fan"}""")).AssertStatus(200).Json.GetProperty("health").GetString());
        Assert.AreEqual("fan", s_api.Mesh.Node("cmd-1").Reason);
        Assert.AreEqual("cordoned", (await s_api.PostAsync("/api/v1/nodes/cmd-1:cordon")).AssertStatus(200).Json.GetProperty("health").GetString());
        Assert.AreEqual("ready", (await s_api.PostAsync("/api/v1/nodes/cmd-1:uncordon")).AssertStatus(200).Json.GetProperty("health").GetString());
        Assert.AreEqual("draining", (await s_api.PostAsync("/api/v1/nodes/cmd-1:drain")).AssertStatus(200).Json.GetProperty("health").GetString());
        Assert.AreEqual(TimeSpan.FromSeconds(300), s_api.Mesh.Node("cmd-1").DrainTimeout);
        (await s_api.PostAsync("/api/v1/nodes/cmd-1:drain", """{"force":true,"timeoutSeconds":0}""")).AssertProblem(400);
        (await s_api.PostAsync("/api/v1/nodes/cmd-1:drain", """{"timeoutSeconds":86401}""")).AssertProblem(400);
        (await s_api.PostAsync("/api/v1/nodes/cmd-1:cordon", """{"reason":"a\u0000b"}""")).AssertProblem(400);
    }

    [TestMethod]
    public async Task Quarantine_ShowsWhyAndUntilWhen()
    {
        await s_api.PutAsync("/api/v1/nodes/cmd-2", Body);
        var node = (await s_api.PostAsync("/api/v1/nodes/cmd-2:quarantine", """{"reason":"wrong answers"}""")).AssertStatus(200).Json;
        Assert.AreEqual("quarantined", node.GetProperty("health").GetString());
        var quarantine = node.GetProperty("quarantine");
        Assert.AreEqual(("operator", "wrong answers", 1), (quarantine.GetProperty("kind").GetString(), quarantine.GetProperty("evidence").GetString(), quarantine.GetProperty("times").GetInt32()));
        Assert.IsFalse(quarantine.TryGetProperty("until", out _), "an operator ends it");
        Assert.IsFalse(node.GetProperty("signals").TryGetProperty("gpus", out _), "nothing was read");
        Assert.AreEqual("maintenance", (await s_api.PostAsync("/api/v1/nodes/cmd-2:maintain")).AssertStatus(200).Json.GetProperty("health").GetString());

        s_api.Mesh.Node("cmd-2").View = s_api.Mesh.Node("cmd-2").View! with { GpusSampledAt = DateTimeOffset.UtcNow.AddSeconds(-10), RuntimesSampledAt = DateTimeOffset.UtcNow.AddHours(-1) };
        var signals = (await s_api.GetAsync("/api/v1/nodes/cmd-2")).AssertStatus(200).Json.GetProperty("signals");
        Assert.AreEqual(10, signals.GetProperty("gpus").GetProperty("ageSeconds").GetDouble(), 5);
        Assert.AreEqual(1 / 1.2, signals.GetProperty("gpus").GetProperty("confidence").GetDouble(), 0.07);
        Assert.AreEqual(1 / 1.6, signals.GetProperty("runtimes").GetProperty("confidence").GetDouble(), 1e-4, "as old as can be");
    }

    [TestMethod]
    [DataRow("cordon")]
    [DataRow("uncordon")]
    [DataRow("drain")]
    [DataRow("quarantine")]
    [DataRow("maintain")]
    public async Task Commands_OnNobody_AreNotFound(string command)
    {
        (await s_api.PostAsync($"/api/v1/nodes/nobody:{command}")).AssertProblem(404);
        (await s_api.PostAsync($"/api/v1/nodes/a%20b:{command}")).AssertProblem(404);
    }

    [TestMethod]
    public async Task Delete_LiveNode_NeedsForce()
    {
        await s_api.PutAsync("/api/v1/nodes/del-1", Body);
        await s_api.PostAsync("/api/v1/nodes/del-1:uncordon");
        (await s_api.DeleteAsync("/api/v1/nodes/del-1")).AssertProblem(409);
        (await s_api.DeleteAsync("/api/v1/nodes/del-1?force=perhaps")).AssertProblem(400);
        Assert.AreEqual("", (await s_api.DeleteAsync("/api/v1/nodes/del-1?force=true")).AssertStatus(204).Text);
        (await s_api.DeleteAsync("/api/v1/nodes/del-1")).AssertProblem(404);
    }
}
