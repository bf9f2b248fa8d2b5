using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
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

        foreach (var service in new[] { "", "infermesh.control.v1.ControlPlane", "infermesh.state.v1.StatePlane", "infermesh.jobs.v1.JobPlane", "infermesh.scoring.v1.Scoring", "infermesh.control.v1.StrategyRegistry" })
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
        foreach (var service in new[] { "infermesh.control.v1.ControlPlane", "infermesh.state.v1.StatePlane", "infermesh.jobs.v1.JobPlane", "infermesh.scoring.v1.Scoring", "infermesh.control.v1.StrategyRegistry", "inference.GRPCInferenceService" }) CollectionAssert.Contains(names, service);
    }
}
