using InferMesh.AppHost;
using InferMesh.AppHost.Topology;

namespace InferMesh.Tests.Unit.AppHost.Topology;

[TestClass]
public sealed class MeshEnvironmentTests
{
    private static readonly MeshTopology Mesh = new() { ClusterId = "c1", DataDirectory = "/data" };

    private static string Text(Dictionary<string, string> environment) =>
        string.Join('\n', environment.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}={e.Value}"));

    [TestMethod]
    public void Silo_OnSqlite_GetsAspiresNamesAndOurs()
    {
        var environment = MeshEnvironment.Silo(Mesh, new(21001, 21002, 21003), "127.0.0.1:21000", GrainStorage.Sqlite("/data/infermesh.db"), 42);

        Assert.AreEqual("""
            ASPNETCORE_URLS=http://127.0.0.1:21001
            ConnectionStrings__redis=127.0.0.1:21000
            InferMesh__Storage__Provider=sqlite
            InferMesh__Storage__SqlitePath=/data/infermesh.db
            MESH_PARENT_PID=42
            Orleans__ClusterId=c1
            Orleans__Clustering__ProviderType=Redis
            Orleans__Clustering__ServiceKey=redis
            Orleans__EnableDistributedTracing=true
            Orleans__Endpoints__AdvertisedIPAddress=127.0.0.1
            Orleans__Endpoints__GatewayPort=21003
            Orleans__Endpoints__SiloPort=21002
            Orleans__ServiceId=infermesh
            """, Text(environment));
    }

    [TestMethod]
    public void Silo_OnPostgres_GetsTheConnectionStringInsteadOfThePath()
    {
        var environment = MeshEnvironment.Silo(Mesh, new(1, 2, 3), "r:1", GrainStorage.Postgres("Host=db"), 42);

        Assert.AreEqual("postgres", environment["InferMesh__Storage__Provider"]);
        Assert.AreEqual("Host=db", environment["ConnectionStrings__meshdb"]);
        Assert.DoesNotContain("InferMesh__Storage__SqlitePath", environment.Keys);
    }

    [TestMethod]
    public void Api_IsAClientWithTwoPorts() => Assert.AreEqual("""
        ConnectionStrings__redis=r:1
        InferMesh__Http__GrpcPort=50051
        InferMesh__Http__Port=8080
        InferMesh__Security__Mode=Development
        MESH_PARENT_PID=42
        Orleans__ClusterId=c1
        Orleans__Clustering__ProviderType=Redis
        Orleans__Clustering__ServiceKey=redis
        Orleans__EnableDistributedTracing=true
        Orleans__ServiceId=infermesh
        """, Text(MeshEnvironment.Api(Mesh, "r:1", 42)));

    [TestMethod]
    public void Plain_KnowsItsParentOnly() => Assert.AreEqual("MESH_PARENT_PID=42", Text(MeshEnvironment.Plain(42)));

    [TestMethod]
    public void FleetArguments_OfThePlan_AreTheCommandLine() => Assert.AreEqual(
        "fleet --nodes 8 --cells 2 --seed 1 --base-port 18000 --admin-port 17999 --report http://127.0.0.1:50051", string.Join(' ', FleetArguments.Of(Mesh.FleetPlan!, Mesh.GrpcAddress)));
}
