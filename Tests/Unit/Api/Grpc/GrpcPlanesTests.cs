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

        foreach (var service in new[] { "", "infermesh.control.v1.ControlPlane", "infermesh.state.v1.StatePlane", "infermesh.scoring.v1.Scoring" })
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
        foreach (var service in new[] { "infermesh.control.v1.ControlPlane", "infermesh.state.v1.StatePlane", "infermesh.scoring.v1.Scoring", "inference.GRPCInferenceService" }) CollectionAssert.Contains(names, service);
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
    [DataRow("/infermesh.scoring.v1.Scoring/Admit", false)]
    [DataRow("/grpc.health.v1.Health/Check", false)]
    public void Mutates_Call_IsGuardedUnlessItReads(string method, bool mutates) => Assert.AreEqual(mutates, MutationInterceptor.Mutates(method));
}
