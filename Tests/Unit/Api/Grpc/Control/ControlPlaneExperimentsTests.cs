extern alias cli;
using cli::InferMesh.Control.V1;
using Grpc.Core;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using ExperimentStage = cli::InferMesh.Control.V1.ExperimentStage;
using SplitUnit = cli::InferMesh.Control.V1.SplitUnit;

namespace InferMesh.Tests.Unit.Api.Grpc.Control;

[TestClass]
public sealed class ControlPlaneExperimentsTests
{
    [TestMethod]
    public async Task Experiment_FromItsBeginningToItsEnd()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        var created = await client.CreateExperimentAsync(New("chat"));
        Assert.AreEqual((1L, ExperimentStage.Running, 2), (created.Version, created.Stage, created.Arms.Count));
        Assert.AreEqual((SplitUnit.Session, "ttft_p95", 0.05, 2.0, 14 * 86_400.0), (created.Spec.Unit, created.Spec.Primary, created.Spec.Alpha, created.Spec.Guardrails[0].Cap, created.Spec.MaxDurationSeconds));
        Assert.AreEqual(("mesh", 2.0), (created.Spec.Arms[1].Routing.Strategy, created.Spec.Arms[1].Weight));
        await RpcAssert.FailsAsync(StatusCode.Aborted, client.CreateExperimentAsync(New("chat")));

        var fake = api.Experiments.Experiment("chat");
        fake.Comparisons.Add(new("challenger", "ttft_p95", 0.2, 0.1, -0.5, -0.6, double.PositiveInfinity, 1000, 2000));
        var status = await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, client.PromoteExperimentAsync(new() { Name = "chat" }));
        Assert.AreEqual("EXPERIMENT_STAGE", RpcAssert.Detail<Google.Rpc.PreconditionFailure>(status).Violations.Single().Type);
        fake.Set(InferMesh.Grains.Abstractions.Experiments.ExperimentStage.Decided, "challenger");
        var promoted = await client.PromoteExperimentAsync(new() { Name = "chat", ExpectedVersion = 2, Reason = "good" });
        Assert.AreEqual((ExperimentStage.Promoted, "challenger", "good", true), (promoted.Stage, promoted.Winner, promoted.Changes.Single().Note, double.IsPositiveInfinity(promoted.Comparisons.Single().High)));
        await RpcAssert.FailsAsync(StatusCode.Aborted, client.DemoteExperimentAsync(new() { Name = "chat", ExpectedVersion = 1 }));
        Assert.AreEqual(ExperimentStage.Demoted, (await client.DemoteExperimentAsync(new() { Name = "chat" })).Stage);
        await client.DeleteExperimentAsync(new() { Name = "chat" });
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.GetExperimentAsync(new() { Name = "chat" }));
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.StopExperimentAsync(new() { Name = "chat" }));
    }

    [TestMethod]
    public async Task PauseAndResume_SaySo_AndKeepTheStage()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        await client.CreateExperimentAsync(New("chat"));
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, client.ResumeExperimentAsync(new() { Name = "chat" }));
        var paused = await client.PauseExperimentAsync(new() { Name = "chat", ExpectedVersion = 1, Reason = "an incident" });
        Assert.AreEqual((ExperimentStage.Running, true, "an incident"), (paused.Stage, paused.PausedAt is not null, paused.Changes.Single().Note));
        await RpcAssert.FailsAsync(StatusCode.Aborted, client.ResumeExperimentAsync(new() { Name = "chat", ExpectedVersion = 1 }));
        var resumed = await client.ResumeExperimentAsync(new() { Name = "chat" });
        Assert.AreEqual((true, 90.0), (resumed.PausedAt is null, resumed.PausedSeconds));
    }

    [TestMethod]
    public async Task ListExperiments_IsFilteredAndPaged()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        foreach (var name in new[] { "b", "a", "c" }) await client.CreateExperimentAsync(New(name));
        await client.StopExperimentAsync(new() { Name = "c" });
        var first = await client.ListExperimentsAsync(new() { PageSize = 2 });
        Assert.AreEqual("a,b", string.Join(',', first.Experiments.Select(e => e.Name)));
        var second = await client.ListExperimentsAsync(new() { PageSize = 2, PageToken = first.NextPageToken });
        Assert.AreEqual(("c", ""), (second.Experiments.Single().Name, second.NextPageToken));
        Assert.AreEqual("c", (await client.ListExperimentsAsync(new() { Stage = ExperimentStage.Stopped })).Experiments.Single().Name);
        CollectionAssert.AreEquivalent(new[] { "page_size", "page_token" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.ListExperimentsAsync(new() { PageSize = 2000, PageToken = "?" }))));
    }

    [TestMethod]
    public async Task CreateExperiment_BadInput_NamesTheFields()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new ControlPlane.ControlPlaneClient(api.Channel);
        CollectionAssert.AreEquivalent(new[] { "name", "spec" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.CreateExperimentAsync(new() { Name = "a/b" }))));
        CollectionAssert.AreEqual(new[] { "spec.arms" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.CreateExperimentAsync(new() { Name = "a", Spec = new() }))));
    }

    private static CreateExperimentRequest New(string name) => new()
    {
        Name = name,
        Spec = new()
        {
            Arms = { new ExperimentArm { Name = "control", Routing = new() { Strategy = "least_queue" } }, new ExperimentArm { Name = "challenger", Weight = 2, Routing = new() { Strategy = "mesh" } } },
            Unit = SplitUnit.Session,
            DesignEffect = 3,
            Guardrails = { new ExperimentGuardrail { Metric = "cost_mean", Margin = 0.1, Cap = 2 } },
        },
    };
}
