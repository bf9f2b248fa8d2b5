using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;
using InferMesh.Control.V1;
using InferMesh.Scoring.V1;
using InferMesh.State.V1;

namespace InferMesh.Tests.EndToEnd;

/// <summary>The gRPC planes of the running mesh, as a client in another process sees them.</summary>
[TestClass]
public sealed class GrpcTests
{
    private static GrpcChannel s_channel = null!;

    [ClassInitialize]
    public static async Task ConnectAsync(TestContext context) => s_channel = GrpcChannel.ForAddress((await SharedMesh.GetAsync()).Grpc);

    [ClassCleanup]
    public static void Disconnect() => s_channel.Dispose();

    [TestMethod]
    public async Task HealthAndReflection_Answer()
    {
        var health = await new Health.HealthClient(s_channel).CheckAsync(new Grpc.Health.V1.HealthCheckRequest());
        Assert.AreEqual(Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.Serving, health.Status);

        using var call = new ServerReflection.ServerReflectionClient(s_channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new() { ListServices = "" });
        Assert.IsTrue(await call.ResponseStream.MoveNext(CancellationToken.None));
        var services = call.ResponseStream.Current.ListServicesResponse.Service.Select(s => s.Name).ToArray();
        CollectionAssert.IsSubsetOf(new[] { "infermesh.control.v1.ControlPlane", "infermesh.state.v1.StatePlane", "infermesh.scoring.v1.Scoring" }, services);
        await call.RequestStream.CompleteAsync();
    }

    [TestMethod]
    public async Task AdmitAndReport_ReserveAndSettleOnce()
    {
        var scoring = new Scoring.V1.Scoring.ScoringClient(s_channel);
        var admitted = await scoring.AdmitAsync(new() { Model = SharedMesh.Model, EstimatedTokens = 100 });
        Assert.IsTrue(admitted.Admitted, admitted.Reason);
        await scoring.ReportOutcomeAsync(new() { AdmissionToken = admitted.AdmissionToken, Outcome = Outcome.Success, NodeId = admitted.NodeId });
        var again = await Assert.ThrowsExactlyAsync<RpcException>(() => scoring.ReportOutcomeAsync(new() { AdmissionToken = admitted.AdmissionToken, Outcome = Outcome.Success }).ResponseAsync);
        Assert.AreEqual(StatusCode.NotFound, again.StatusCode);
    }

    [TestMethod]
    public async Task ScoreTargets_RanksAllThree_AndBadInputNamesFields()
    {
        var scoring = new Scoring.V1.Scoring.ScoringClient(s_channel);
        var scored = await scoring.ScoreTargetsAsync(new() { Model = SharedMesh.Model, EstimatedTokens = 500, MaxTargets = 3 });
        Assert.HasCount(3, scored.Targets);
        CollectionAssert.AreEqual(scored.Targets.Select(t => t.Score).Order().ToArray(), scored.Targets.Select(t => t.Score).ToArray());
        Assert.IsTrue(scored.Targets.All(t => t.Synthetic));
        var bad = await Assert.ThrowsExactlyAsync<RpcException>(() => scoring.ScoreTargetsAsync(new() { Model = "", EstimatedTokens = -1 }).ResponseAsync);
        Assert.AreEqual(StatusCode.InvalidArgument, bad.StatusCode);
    }

    [TestMethod]
    public async Task PinModel_RestrictsRouting_UntilItIsUnpinned()
    {
        var control = new ControlPlane.ControlPlaneClient(s_channel);
        var scoring = new Scoring.V1.Scoring.ScoringClient(s_channel);
        var node = (await control.ListNodesAsync(new() { PageSize = 1, Status = NodeStatus.Healthy })).Nodes.Single().Id;
        await control.PinModelAsync(new() { ModelName = SharedMesh.Model, TargetNodes = { node } });
        try
        {
            await Shared.ExternalProcess.UntilAsync(
                async () => (await scoring.ScoreTargetsAsync(new() { Model = SharedMesh.Model })).Targets is [{ NodeId: var only }] && only == node, TimeSpan.FromSeconds(30), "only the pinned node");
        }
        finally
        {
            await control.UnpinModelAsync(new() { ModelName = SharedMesh.Model });
        }
        await Shared.ExternalProcess.UntilAsync(
            async () => (await scoring.ScoreTargetsAsync(new() { Model = SharedMesh.Model })).Targets.Count == 3, TimeSpan.FromSeconds(30), "unpinned");
    }

    [TestMethod]
    public async Task States_OfTheFleet_AreListed()
    {
        var state = new StatePlane.StatePlaneClient(s_channel);
        var models = await state.ListModelStatesAsync(new() { Model = SharedMesh.Model });
        Assert.HasCount(8, models.States);
        var gpus = await state.ListGpuStatesAsync(new() { NodeId = models.States[0].Labels.Node });
        Assert.IsGreaterThan(0, gpus.States.Count);
        Assert.AreEqual(gpus.States[0].GpuUuid, (await state.GetGpuStateAsync(new() { NodeId = models.States[0].Labels.Node, GpuUuid = gpus.States[0].GpuUuid })).GpuUuid);
    }
}
