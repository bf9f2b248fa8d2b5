using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class DecisionTests
{
    private const string Body = """{"model":"m","tenant":"acme","promptTokens":10,"requestId":"r-1"}""";

    [TestMethod]
    public async Task Decision_Routed_IsKeptWithItsReasonsAndItsOutcome()
    {
        using var api = new ApiHost();
        api.Mesh.Router.Decision = Routed("d-1", "n1");
        await api.PostAsync("/api/v1/route", Body);
        var running = (await api.GetAsync("/api/v1/decisions/d-1")).AssertStatus(200).Json;
        Assert.AreEqual("rest", running.GetProperty("source").GetString());
        Assert.AreEqual("acme", running.GetProperty("request").GetProperty("tenant").GetString());
        Assert.AreEqual(0.5, running.GetProperty("decision").GetProperty("targets")[0].GetProperty("cost").GetProperty("queue").GetDouble());
        Assert.IsFalse(running.TryGetProperty("outcome", out _), "It still runs.");

        (await api.PostAsync("/api/v1/outcomes", """{"decisionId":"d-1","status":"success","nodeId":"n1","latencyMs":900}""")).AssertStatus(204);
        var item = (await api.GetAsync("/api/v1/decisions")).AssertStatus(200).Json.GetProperty("items")[0];
        Assert.AreEqual(("d-1", "n1", 2.0), (item.GetProperty("id").GetString(), item.GetProperty("nodeId").GetString(), item.GetProperty("totalSeconds").GetDouble()));
        Assert.AreEqual(900, item.GetProperty("outcome").GetProperty("latencyMs").GetDouble());
    }

    [TestMethod]
    public async Task Decision_Refused_IsKept_AndADryRunIsNot()
    {
        using var api = new ApiHost();
        api.Mesh.Router.Decision = new() { Status = RouteStatus.NoEligibleTarget, DecisionId = "d-2", Excluded = [new("n1", "e", "node_cordoned")] };
        await api.PostAsync("/api/v1/route:dryRun", Body);
        Assert.AreEqual(0, (await api.GetAsync("/api/v1/decisions")).Json.GetProperty("items").GetArrayLength());
        await api.PostAsync("/api/v1/route", Body);
        var list = (await api.GetAsync("/api/v1/decisions?status=no_eligible_target")).AssertStatus(200).Json;
        Assert.AreEqual(1, list.GetProperty("items").GetArrayLength());
        Assert.AreEqual("node_cordoned", (await api.GetAsync("/api/v1/decisions/d-2")).Json.GetProperty("decision").GetProperty("excluded")[0].GetProperty("reason").GetString());
    }

    [TestMethod]
    public async Task List_Filtered_HasWhatMatches_NewestFirst()
    {
        using var api = new ApiHost();
        foreach (var (id, node) in new[] { ("d-1", "n1"), ("d-2", "n2"), ("d-3", "n1") })
        {
            api.Mesh.Router.Decision = Routed(id, node);
            await api.PostAsync("/api/v1/route", Body);
        }
        CollectionAssert.AreEqual(new[] { "d-3", "d-2", "d-1" }, await IdsAsync(api, ""));
        CollectionAssert.AreEqual(new[] { "d-3", "d-1" }, await IdsAsync(api, "?node=n1"));
        CollectionAssert.AreEqual(new[] { "d-3" }, await IdsAsync(api, "?limit=1&tenant=acme&model=m&status=routed"));
        Assert.IsEmpty(await IdsAsync(api, "?tenant=globex"));
        (await api.GetAsync("/api/v1/decisions?status=odd&limit=0&nod=n1")).AssertProblem(400);
        (await api.GetAsync("/api/v1/decisions/none")).AssertProblem(404);
    }

    [TestMethod]
    public async Task Log_MoreThanItKeeps_ForgetsTheOldest_AndCountsThemAll()
    {
        using var api = new ApiHost(("InferMesh:Api:RecentDecisions", "2"), ("InferMesh:Api:RecentDecisionsPerSecond", "10000"));
        for (var i = 1; i <= 5; i++)
        {
            api.Mesh.Router.Decision = Routed($"d-{i}", "n1");
            await api.PostAsync("/api/v1/route", Body);
        }
        CollectionAssert.AreEqual(new[] { "d-5", "d-4" }, await IdsAsync(api, ""));
        Assert.AreEqual(5, (await api.GetAsync("/api/v1/decisions")).Json.GetProperty("seen").GetInt64());
        (await api.GetAsync("/api/v1/decisions/d-1")).AssertProblem(404);
    }

    private static async Task<string[]> IdsAsync(ApiHost api, string query) =>
        [.. (await api.GetAsync("/api/v1/decisions" + query)).AssertStatus(200).Json.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString()!)];

    private static RouteDecision Routed(string id, string node) =>
        new() { Status = RouteStatus.Routed, DecisionId = id, Targets = [new() { NodeId = node, Cost = new(0.5, 0.5, 1, 0, 0, 0, 0, 2) }], Considered = 3, Eligible = 2 };
}
