extern alias cli;
using cli::InferMesh.Scoring.V1;
using Grpc.Core;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using ScoringClient = cli::InferMesh.Scoring.V1.Scoring.ScoringClient;

namespace InferMesh.Tests.Unit.Api.Grpc.Scoring;

[TestClass]
public sealed class ScoringServiceTests
{
    [TestMethod]
    public async Task ScoreTargets_Routed_MapsTheDecision()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var slow = FakeRouter.Target("n2", "http://b") with { Cost = new(20, 0, 0, 0, 0, 0, 0, 20) };
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", "http://a") with { Cost = new(0.5, 1, 0, 0, 0, 0, 0, 1.5) }, slow) with { HedgeSuppressed = "disabled", Strategy = "mesh" };

        var response = await new ScoringClient(api.Channel).ScoreTargetsAsync(new() { Model = "m", SloClass = SloClass.Latency, EstimatedTokens = 9, TimeoutSeconds = 10, Filters = new() { Zones = { "z" } } });

        var target = response.Targets.Single();
        Assert.AreEqual(("n1", 1500.0, 500.0, "prefill", "disabled", "mesh"), (target.NodeId, target.EstimatedLatencyMs, target.EstimatedQueueTimeMs, target.Reason, response.Reason, response.Strategy));
        var query = api.Router.Queries.Single();
        Assert.AreEqual(("latency", 9, 3, "z"), (query.SloClass, query.PromptTokens, query.MaxTargets, query.Zones.Single()));
    }

    [TestMethod]
    [DataRow(RouteStatus.ModelUnknown, StatusCode.NotFound)]
    [DataRow(RouteStatus.NoEligibleTarget, StatusCode.FailedPrecondition)]
    [DataRow(RouteStatus.Overloaded, StatusCode.ResourceExhausted)]
    [DataRow(RouteStatus.QuotaExceeded, StatusCode.ResourceExhausted)]
    [DataRow(RouteStatus.Forbidden, StatusCode.PermissionDenied)]
    [DataRow(RouteStatus.Invalid, StatusCode.InvalidArgument)]
    public async Task ScoreTargets_Refused_HasACodeOfItsOwn(RouteStatus refusal, StatusCode code)
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => new RouteDecision { Status = refusal, RetryAfter = TimeSpan.FromSeconds(2), Errors = [new("promptTokens", "bad")] };

        var status = await RpcAssert.FailsAsync(code, new ScoringClient(api.Channel).ScoreTargetsAsync(new() { Model = "m" }));

        if (code == StatusCode.ResourceExhausted) Assert.AreEqual(2, RpcAssert.Detail<Google.Rpc.RetryInfo>(status).RetryDelay.Seconds);
        if (code == StatusCode.InvalidArgument) Assert.AreEqual("estimated_tokens", RpcAssert.Fields(status).Single());
    }

    [TestMethod]
    public async Task Answers_NameExperimentAndArm_AndWhatTheyGoByIsPassedOn()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", "http://a")) with { Experiment = "trial", Arm = "challenger" };
        var client = new ScoringClient(api.Channel);

        var scored = await client.ScoreTargetsAsync(new() { Model = "m", Session = "s-1", Headers = { { "X-User", "ann" } } });
        var admitted = await client.AdmitAsync(new() { Model = "m", Session = "s-1", Headers = { { "X-User", "ann" } } });

        Assert.AreEqual(("trial", "challenger", "trial", "challenger"), (scored.Experiment, scored.Arm, admitted.Experiment, admitted.Arm));
        foreach (var query in api.Router.Queries) Assert.AreEqual(("s-1", "ann"), (query.Session, query.Headers!["x-user"]));
        CollectionAssert.AreEqual(new[] { "session" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.AdmitAsync(new() { Model = "m", Session = new('s', 300) }))).ToArray());
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", "http://a"));
        Assert.AreEqual(("", ""), ((await client.ScoreTargetsAsync(new() { Model = "m" })).Experiment, (await client.AdmitAsync(new() { Model = "m" })).Arm));
        Assert.IsNull(api.Router.Queries.Last().Headers);
    }

    [TestMethod]
    public async Task ScoreTargets_BadInput_NamesEveryField()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var call = new ScoringClient(api.Channel).ScoreTargetsAsync(new() { Revision = "r", EstimatedTokens = -1, MaxTargets = 17, SloClass = (SloClass)9, TimeoutSeconds = -1 });

        CollectionAssert.AreEquivalent(new[] { "model", "revision", "estimated_tokens", "max_targets", "slo_class", "timeout_seconds" },
            RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, call)));
    }

    [TestMethod]
    public async Task Admit_ThenReport_SettlesOnce()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var open = 1;
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", "http://a"));
        api.Router.OnReport = _ => Interlocked.Exchange(ref open, 0) == 1;
        var client = new ScoringClient(api.Channel);

        var admitted = await client.AdmitAsync(new() { Model = "m" });
        Assert.AreEqual((true, "d1", "n1", "http://a"), (admitted.Admitted, admitted.AdmissionToken, admitted.NodeId, admitted.Endpoint));
        await client.ReportOutcomeAsync(new() { AdmissionToken = "d1", Outcome = Outcome.Success, TtftMs = 12 });
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.ReportOutcomeAsync(new() { AdmissionToken = "d1", Outcome = Outcome.Success }));
        CollectionAssert.AreEquivalent(new[] { "admission_token", "outcome", "latency_ms" },
            RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.ReportOutcomeAsync(new() { LatencyMs = double.NaN }))));
    }

    [TestMethod]
    public async Task Admit_Refused_IsAnAnswer()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => new RouteDecision { Status = RouteStatus.QuotaExceeded, RetryAfter = TimeSpan.FromSeconds(2) };

        var refused = await new ScoringClient(api.Channel).AdmitAsync(new() { Model = "m" });

        Assert.AreEqual((false, "quota_exceeded", 2000.0, ""), (refused.Admitted, refused.Reason, refused.EstimatedWaitTimeMs, refused.AdmissionToken));
    }

    [TestMethod]
    public async Task HealthCheck_TableAndNodes_DecideServing()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ScoringClient(api.Channel);

        Assert.IsTrue((await client.HealthCheckAsync(new())).Serving);
        api.Router.State = new("silo", 0, 0, 0, 0, 0, 0);
        Assert.IsFalse((await client.HealthCheckAsync(new())).Serving);
    }

    [TestMethod]
    public async Task Call_ClusterTroubleOrBug_NeverReachesTheCallerAsUnknown()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => throw new TimeoutException("gone");

        await RpcAssert.FailsAsync(StatusCode.Unavailable, new ScoringClient(api.Channel).AdmitAsync(new() { Model = "m" }));
    }
}
