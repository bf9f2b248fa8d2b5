using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using InferMesh.Api.Grpc;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Grpc;

[TestClass]
public sealed class GrpcPlanesTests
{
    [TestMethod]
    public async Task Health_EveryService_Serves()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new Health.HealthClient(api.Channel);

        foreach (var service in new[] { "", "infermesh.control.v1.ControlPlane", "infermesh.state.v1.StatePlane", "infermesh.jobs.v1.JobPlane", "infermesh.scoring.v1.Scoring" })
            Assert.AreEqual(HealthCheckResponse.Types.ServingStatus.Serving, (await client.CheckAsync(new() { Service = service })).Status, service);
    }

    [TestMethod]
    public async Task Reflection_ListsAllServices()
    {
        await using var api = await ApiUnderTest.StartAsync();
        using var call = new ServerReflection.ServerReflectionClient(api.Channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new() { ListServices = "" });

        Assert.IsTrue(await call.ResponseStream.MoveNext());
        var names = call.ResponseStream.Current.ListServicesResponse.Service.Select(s => s.Name).ToArray();
        foreach (var service in new[] { "infermesh.control.v1.ControlPlane", "infermesh.state.v1.StatePlane", "infermesh.jobs.v1.JobPlane", "infermesh.scoring.v1.Scoring", "inference.GRPCInferenceService" }) CollectionAssert.Contains(names, service);
    }

    [TestMethod]
    [DataRow("/infermesh.control.v1.ControlPlane/SetPolicy", true)]
    [DataRow("/infermesh.control.v1.ControlPlane/LoadModel", true)]
    [DataRow("/infermesh.control.v1.ControlPlane/GetNode", false)]
    [DataRow("/infermesh.control.v1.ControlPlane/ListNodes", false)]
    [DataRow("/infermesh.control.v1.ControlPlane/SubscribeEvents", false)]
    [DataRow("/infermesh.state.v1.StatePlane/RegisterNode", true)]
    [DataRow("/infermesh.state.v1.StatePlane/ReportNode", true)]
    [DataRow("/infermesh.state.v1.StatePlane/GetGpuState", false)]
    [DataRow("/infermesh.state.v1.StatePlane/WatchAssignments", true)]
    [DataRow("/infermesh.state.v1.StatePlane/PollJobs", true)]
    [DataRow("/infermesh.state.v1.StatePlane/ReportJob", true)]
    [DataRow("/infermesh.jobs.v1.JobPlane/SubmitJob", true)]
    [DataRow("/infermesh.jobs.v1.JobPlane/PauseJob", true)]
    [DataRow("/infermesh.jobs.v1.JobPlane/ResumeJob", true)]
    [DataRow("/infermesh.jobs.v1.JobPlane/ScaleJob", true)]
    [DataRow("/infermesh.jobs.v1.JobPlane/CheckpointJob", true)]
    [DataRow("/infermesh.jobs.v1.JobPlane/CancelJob", true)]
    [DataRow("/infermesh.jobs.v1.JobPlane/GetJob", false)]
    [DataRow("/infermesh.jobs.v1.JobPlane/ListJobs", false)]
    [DataRow("/infermesh.jobs.v1.JobPlane/ListJobEvents", false)]
    [DataRow("/infermesh.jobs.v1.JobPlane/WatchJob", false)]
    [DataRow("/infermesh.jobs.v1.JobPlane/ExplainJob", false)]
    [DataRow("/infermesh.jobs.v1.JobPlane/GetCapacity", false)]
    [DataRow("/infermesh.scoring.v1.Scoring/Admit", false)]
    [DataRow("/grpc.health.v1.Health/Check", false)]
    public void Mutates_Call_IsGuardedUnlessItReads(string method, bool mutates) => Assert.AreEqual(mutates, MutationInterceptor.Mutates(method));
}
