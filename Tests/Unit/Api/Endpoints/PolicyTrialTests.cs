using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class PolicyTrialTests
{
    private const string Spec = """{"kind":"routing","models":["m"],"routing":{"strategy":"mesh"}}""";

    [TestMethod]
    public async Task Trial_OfRecentRequests_CountsWhatWouldChange()
    {
        using var api = new ApiHost();
        api.Mesh.Router.Decision = To("n1", 2);
        await api.PostAsync("/api/v1/route", """{"model":"m","tenant":"acme"}""");
        api.Mesh.Router.OnTry = (query, policy) => query.Tenant == "acme" && policy.Name == "p" && policy.Spec.Routing!.Strategy == "mesh" ? To("n2", 1) : throw new InvalidOperationException();
        var trial = (await api.PostAsync("/api/v1/policies/p:dryRun", $$"""{"spec":{{Spec}}}""")).AssertStatus(200).Json;
        Assert.AreEqual((1, 1, 0), (trial.GetProperty("requests").GetInt32(), trial.GetProperty("changed").GetInt32(), trial.GetProperty("refusedThen").GetInt32()));
        Assert.AreEqual((2.0, 1.0), (trial.GetProperty("meanSecondsNow").GetDouble(), trial.GetProperty("meanSecondsThen").GetDouble()));
        Assert.AreEqual("d-1", trial.GetProperty("items")[0].GetProperty("decisionId").GetString());
        Assert.AreEqual(("n2", 0, 1), (trial.GetProperty("nodes")[1].GetProperty("nodeId").GetString(), trial.GetProperty("nodes")[1].GetProperty("now").GetInt32(), trial.GetProperty("nodes")[1].GetProperty("then").GetInt32()));
        Assert.AreEqual(0, (await api.GetAsync("/api/v1/policies")).Json.GetProperty("items").GetArrayLength(), "Nothing is written.");
    }

    [TestMethod]
    public async Task Trial_OfGivenRequests_LeavesTheRecentOnesOut()
    {
        using var api = new ApiHost();
        await api.PostAsync("/api/v1/route", """{"model":"m"}""");
        api.Mesh.Router.OnTry = (_, _) => new() { Status = RouteStatus.QuotaExceeded };
        var trial = (await api.PostAsync("/api/v1/policies/p:dryRun", $$"""{"spec":{{Spec}},"requests":[{"model":"m","promptTokens":5}]}""")).AssertStatus(200).Json;
        Assert.AreEqual((1, 1), (trial.GetProperty("requests").GetInt32(), trial.GetProperty("refusedThen").GetInt32()));
        Assert.IsFalse(trial.GetProperty("items")[0].TryGetProperty("decisionId", out _));
    }

    [TestMethod]
    [DataRow("""{}""", "spec")]
    [DataRow("""{"spec":{"models":["m"]}}""", "kind")]
    [DataRow("""{"spec":{"kind":"routing","priority":1001,"routing":{"strategy":"odd"}}}""", "priority,routing.strategy")]
    [DataRow("""{"spec":{"kind":"quota","quota":{"maxConcurrentRequests":1}},"recent":201}""", "recent")]
    [DataRow("""{"spec":{"kind":"quota","quota":{"maxConcurrentRequests":1}},"requests":[{"promptTokens":-1}]}""", "model,promptTokens")]
    public async Task Trial_BadInput_NamesTheFields(string body, string fields)
    {
        using var api = new ApiHost();
        Assert.AreEqual(fields, string.Join(',', (await api.PostAsync("/api/v1/policies/p:dryRun", body)).AssertProblem(400).ErrorFields));
    }

    [TestMethod]
    public async Task Check_OfAnEndpoint_SaysWhatIsWrong_AndWritesNothing()
    {
        using var api = new ApiHost();
        (await api.PostAsync("/api/v1/endpoints/chat:check", """{"models":[{"model":"m"}]}""")).AssertStatus(204);
        CollectionAssert.AreEqual(new[] { "models" }, (await api.PostAsync("/api/v1/endpoints/chat:check", """{"models":[]}""")).AssertProblem(400).ErrorFields);
        (await api.PostAsync("/api/v1/endpoints/chat:check")).AssertProblem(400);
        (await api.GetAsync("/api/v1/endpoints/chat")).AssertProblem(404);
    }

    private static RouteDecision To(string node, double total) => new() { Status = RouteStatus.Routed, DecisionId = "d-1", Targets = [new() { NodeId = node, Cost = new(0, 0, total, 0, 0, 0, 0, total) }] };
}
