using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class RoutingTests
{
    private const string Body = """{"model":"m","promptTokens":10}""";

    [TestMethod]
    public async Task Route_Routed_ShowsTargetsAndPassesTheOrigin()
    {
        using var api = new ApiHost(("InferMesh:Api:Zone", "z-here"), ("InferMesh:Api:Region", "r-here"));
        api.Mesh.Router.Decision = new()
        {
            DecisionId = "d-1",
            Targets = [new() { NodeId = "n1", Score = double.PositiveInfinity }],
            Hedge = new("n2", TimeSpan.FromMilliseconds(120)),
        };
        var decision = (await api.PostAsync("/api/v1/route", Body)).AssertStatus(200).Json;
        Assert.AreEqual("routed", decision.GetProperty("status").GetString());
        Assert.AreEqual("n1", decision.GetProperty("targets")[0].GetProperty("nodeId").GetString());
        Assert.AreEqual(120, decision.GetProperty("hedge").GetProperty("delayMs").GetDouble());
        Assert.AreEqual("z-here", api.Mesh.Router.LastQuery!.OriginZone);
        Assert.AreEqual("r-here", api.Mesh.Router.LastQuery.OriginRegion);
        Assert.AreEqual(3, api.Mesh.Router.LastQuery.MaxTargets);
    }

    [TestMethod]
    [DataRow(RouteStatus.ModelUnknown, 404)]
    [DataRow(RouteStatus.NoEligibleTarget, 503)]
    [DataRow(RouteStatus.Overloaded, 429)]
    [DataRow(RouteStatus.QuotaExceeded, 429)]
    [DataRow(RouteStatus.Forbidden, 403)]
    [DataRow(RouteStatus.Invalid, 400)]
    public async Task Route_Refused_HasAStatusAndDryRunAnAnswer(RouteStatus status, int expected)
    {
        using var api = new ApiHost();
        api.Mesh.Router.Decision = new() { Status = status, DecisionId = "d", RetryAfter = TimeSpan.FromSeconds(2.4), Errors = [new FieldError("model", "is odd.")], Excluded = [new("n", "e", "node_cordoned")] };
        var answer = (await api.PostAsync("/api/v1/route", Body)).AssertProblem(expected);
        if (expected is 429 or 503) Assert.AreEqual("3", answer.Headers.RetryAfter?.ToString());
        if (expected == 503) Assert.AreEqual("node_cordoned", answer.Json.GetProperty("exclusions")[0].GetProperty("reason").GetString());
        if (expected == 429) Assert.AreEqual(status == RouteStatus.Overloaded ? "overloaded" : "quota_exceeded", answer.Json.GetProperty("reason").GetString());
        (await api.PostAsync("/api/v1/route:dryRun", Body)).AssertStatus(status == RouteStatus.Invalid ? 400 : 200);
    }

    [TestMethod]
    public async Task Route_BadInput_NamesAllFields()
    {
        using var api = new ApiHost();
        var answer = (await api.PostAsync("/api/v1/route", """{"promptTokens":-1,"outputTokens":-1,"payloadBytes":-1,"maxTargets":17,"strategy":"mesh","cells":[null]}""")).AssertProblem(400);
        CollectionAssert.AreEqual(new[] { "cells[0]", "maxTargets", "model", "outputTokens", "payloadBytes", "promptTokens", "strategy" }, answer.ErrorFields);
        (await api.PostAsync("/api/v1/route:dryRun", """{"model":"m","strategy":"mesh"}""")).AssertStatus(200);
        (await api.PostAsync("/api/v1/route", """{"model":"m","promptTokens":3000000000}""")).AssertProblem(400);
    }

    [TestMethod]
    public async Task Outcome_OpenThenSettled_IsDoneThenNotFound()
    {
        using var api = new ApiHost();
        const string body = """{"decisionId":"d-1","status":"success","ttftMs":12.5}""";
        (await api.PostAsync("/api/v1/outcomes", body)).AssertStatus(204);
        (await api.PostAsync("/api/v1/outcomes", body)).AssertProblem(404);
        CollectionAssert.AreEqual(new[] { "decisionId", "status", "ttftMs" }, (await api.PostAsync("/api/v1/outcomes", """{"ttftMs":-1}""")).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    public async Task Route_OneSiloDies_IsAnsweredByTheNext()
    {
        using var api = new ApiHost();
        api.Mesh.Failures.Enqueue(new TimeoutException());
        (await api.PostAsync("/api/v1/route", Body)).AssertStatus(200);
    }

    [TestMethod]
    public async Task AnyCall_ClusterFails_IsUnavailableAndWithoutStack()
    {
        using var api = new ApiHost();
        // What the API reads by itself when it starts is read then, and the failure is the router's.
        (await api.PostAsync("/api/v1/route", Body)).AssertStatus(200);
        api.Mesh.Failures.Enqueue(new InvalidOperationException("secret inside"));
        var answer = (await api.PostAsync("/api/v1/route", Body)).AssertProblem(503);
        Assert.AreEqual("1", answer.Headers.RetryAfter?.ToString());
        Assert.DoesNotContain("secret", answer.Text);
        api.Mesh.Failures.Enqueue(new TimeoutException());
        (await api.PutAsync("/api/v1/policies/p", """{"kind":"routing","routing":{"strategy":"mesh"}}""", ("If-None-Match", "*"))).AssertProblem(503);
    }
}
