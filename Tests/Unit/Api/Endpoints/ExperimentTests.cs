using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class ExperimentTests
{
    private const string Path = "/api/v1/experiments";
    private const string Body = """
        {"name":"chat","models":["llama-*"],"unit":"session","designEffect":3,"arms":[{"name":"control","strategy":"least_queue"},{"name":"challenger","strategy":"mesh","weight":2,"parameters":{"x":1}}],
         "primary":"e2e_gmean","guardrails":[{"metric":"cost_mean","margin":0.1,"cap":2}],"promotion":{"auto":true,"holdback":0.1}}
        """;

    [TestMethod]
    public async Task Experiment_FromItsBeginningToItsEnd()
    {
        using var api = new ApiHost();
        var created = (await api.PostAsync(Path, Body)).AssertStatus(201);
        Assert.AreEqual(($"{Path}/chat", "\"1\""), (created.Headers.Location?.ToString(), created.Headers.ETag?.ToString()));
        var plan = api.Mesh.Experiments.Experiment("chat").Current!.Plan;
        Assert.AreEqual((SplitUnit.Session, 3, "e2e_gmean", true, 0.1), (plan.Unit, plan.DesignEffect, plan.Primary, plan.Promotion.Auto, plan.Promotion.Holdback));
        Assert.AreEqual(("challenger", 2, "mesh", 1), (plan.Arms[1].Name, plan.Arms[1].Weight, plan.Arms[1].Strategy, plan.Arms[1].Parameters["x"]));
        Assert.AreEqual(("cost_mean", 0.1, (double?)2), (plan.Guardrails[0].Metric, plan.Guardrails[0].Margin, plan.Guardrails[0].Cap));
        Assert.AreEqual((14 * 86_400d, 0.05), (plan.MaxDurationSeconds, plan.Alpha), "defaults");
        Assert.Contains("already", (await api.PostAsync(Path, Body)).AssertProblem(409).Json.GetProperty("detail").GetString()!);

        api.Mesh.Experiments.Experiment("chat").Outcomes.AddRange([(1000, 3), (2000, 5)]);
        api.Mesh.Experiments.Experiment("chat").Comparisons.Add(new("challenger", "ttft_p95", 0.2, double.PositiveInfinity, double.PositiveInfinity, 0.1, double.PositiveInfinity, 1000, 2000));
        var shown = (await api.GetAsync($"{Path}/chat")).AssertStatus(200).Json;
        Assert.AreEqual(("running", 2000L, 5L), (shown.GetProperty("stage").GetString(), shown.GetProperty("arms")[1].GetProperty("requests").GetInt64(), shown.GetProperty("arms")[1].GetProperty("errors").GetInt64()));
        Assert.IsFalse(shown.GetProperty("comparisons")[0].TryGetProperty("high", out _), "what is without end is absent");
        Assert.AreEqual("least_queue", shown.GetProperty("spec").GetProperty("arms")[0].GetProperty("strategy").GetString());

        (await api.PostAsync($"{Path}/chat:promote")).AssertProblem(409);
        api.Mesh.Experiments.Experiment("chat").Set(ExperimentStage.Decided, "challenger");
        var promoted = (await api.PostAsync($"{Path}/chat:promote", """{"reason":"looks good"}""")).AssertStatus(200).Json;
        Assert.AreEqual(("promoted", "challenger", "looks good"), (promoted.GetProperty("stage").GetString(), promoted.GetProperty("winner").GetString(), promoted.GetProperty("changes")[0].GetProperty("note").GetString()));
        Assert.AreEqual("demoted", (await api.PostAsync($"{Path}/chat:demote")).AssertStatus(200).Json.GetProperty("stage").GetString());
        (await api.PostAsync($"{Path}/chat:stop")).AssertProblem(409);
        (await api.DeleteAsync($"{Path}/chat")).AssertProblem(428);
        (await api.SendAsync(HttpMethod.Delete, $"{Path}/chat", null, ("If-Match", "\"1\""))).AssertProblem(412);
        (await api.SendAsync(HttpMethod.Delete, $"{Path}/chat", null, ("If-Match", "*"))).AssertStatus(204);
        (await api.GetAsync($"{Path}/chat")).AssertProblem(404);
        (await api.PostAsync($"{Path}/chat:stop")).AssertProblem(404);
    }

    [TestMethod]
    public async Task Change_ThatWasMade_IsAnsweredThoughNobodyCanReadItNow()
    {
        using var api = new ApiHost();
        api.Mesh.Experiments.Experiment("chat").IsSilent = true;
        Assert.AreEqual("\"1\"", (await api.PostAsync(Path, Body)).AssertStatus(201).Headers.ETag?.ToString());
        Assert.AreEqual("stopped", (await api.PostAsync($"{Path}/chat:stop")).AssertStatus(200).Json.GetProperty("stage").GetString());
    }

    [TestMethod]
    public async Task PauseAndResume_SaySo_AndKeepTheStage()
    {
        using var api = new ApiHost();
        await api.PostAsync(Path, Body);
        (await api.PostAsync($"{Path}/chat:resume")).AssertProblem(409);
        var paused = (await api.PostAsync($"{Path}/chat:pause", """{"reason":"an incident"}""")).AssertStatus(200).Json;
        Assert.AreEqual(("running", true, 0.0), (paused.GetProperty("stage").GetString(), paused.TryGetProperty("pausedAt", out _), paused.GetProperty("arms")[0].GetProperty("share").GetDouble()));
        Assert.AreEqual(("paused", "an incident"), (paused.GetProperty("changes")[0].GetProperty("reason").GetString(), paused.GetProperty("changes")[0].GetProperty("note").GetString()));
        (await api.PostAsync($"{Path}/chat:pause")).AssertProblem(409);
        (await api.SendAsync(HttpMethod.Post, $"{Path}/chat:resume", null, ("If-Match", "\"1\""))).AssertProblem(412);
        var resumed = (await api.PostAsync($"{Path}/chat:resume")).AssertStatus(200).Json;
        Assert.AreEqual((false, 90.0), (resumed.TryGetProperty("pausedAt", out _), resumed.GetProperty("pausedSeconds").GetDouble()));
        (await api.PostAsync($"{Path}/nobody:pause")).AssertProblem(404);
    }

    [TestMethod]
    public async Task Stop_WithAnotherVersion_IsRefused()
    {
        using var api = new ApiHost();
        await api.PostAsync(Path, Body);
        (await api.SendAsync(HttpMethod.Post, $"{Path}/chat:stop", null, ("If-Match", "\"7\""))).AssertProblem(412);
        (await api.SendAsync(HttpMethod.Post, $"{Path}/chat:stop", null, ("If-Match", "\"1\""))).AssertStatus(200);
    }

    [TestMethod]
    public async Task List_IsFilteredAndPaged()
    {
        using var api = new ApiHost();
        foreach (var name in new[] { "b", "a", "c" }) (await api.PostAsync(Path, Body.Replace("\"chat\"", $"\"{name}\"", StringComparison.Ordinal))).AssertStatus(201);
        await api.PostAsync($"{Path}/c:stop");
        var first = (await api.GetAsync($"{Path}?limit=2")).AssertStatus(200).Json;
        Assert.AreEqual(("a,b", 3), (string.Join(',', first.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString())), first.GetProperty("total").GetInt32()));
        var second = (await api.GetAsync($"{Path}?limit=2&cursor={first.GetProperty("nextCursor").GetString()}")).Json;
        Assert.AreEqual("c", second.GetProperty("items")[0].GetProperty("name").GetString());
        Assert.IsFalse(second.TryGetProperty("nextCursor", out _));
        Assert.AreEqual(1, (await api.GetAsync($"{Path}?stage=stopped")).Json.GetProperty("items").GetArrayLength());
        CollectionAssert.AreEqual(new[] { "stage" }, (await api.GetAsync($"{Path}?stage=x")).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(new[] { "cursor" }, (await api.GetAsync($"{Path}?cursor=x")).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    public async Task Post_BadInput_NamesTheFields()
    {
        using var api = new ApiHost();
        CollectionAssert.AreEquivalent(new[] { "name", "arms[0].strategy", "guardrails[0].metric" }, (await api.PostAsync(Path, """{"arms":[{"name":"a"}],"guardrails":[{}]}""")).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(new[] { "arms" }, (await api.PostAsync(Path, """{"name":"x"}""")).AssertProblem(400).ErrorFields);
        (await api.PostAsync(Path, """{"name":"x","unit":"planet"}""")).AssertProblem(400);
    }

    [TestMethod]
    public async Task DryRun_NamesExperimentAndArm_AndPassesHeadersOn()
    {
        using var api = new ApiHost();
        api.Mesh.Router.Decision = new() { Status = RouteStatus.Routed, DecisionId = "d-1", Experiment = "chat", Arm = "challenger" };
        var decision = (await api.PostAsync("/api/v1/route:dryRun", """{"model":"m","session":"s-1","headers":{"X-User":"ann","x-user":"bob"}}""")).AssertStatus(200).Json;
        Assert.AreEqual(("chat", "challenger"), (decision.GetProperty("experiment").GetString(), decision.GetProperty("arm").GetString()));
        Assert.AreEqual(("s-1", "ann"), (api.Mesh.Router.LastQuery!.Session, api.Mesh.Router.LastQuery.Headers!["x-user"]));
    }
}
