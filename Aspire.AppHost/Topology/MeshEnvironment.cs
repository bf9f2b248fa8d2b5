using System.Globalization;

namespace InferMesh.AppHost.Topology;

/// <summary>The environment of each process: the names that Aspire's Orleans integration writes, and our own.</summary>
internal static class MeshEnvironment
{
    public const string ParentPid = "MESH_PARENT_PID";
    public const string StorageProvider = "InferMesh__Storage__Provider";
    public const string StorageSqlitePath = "InferMesh__Storage__SqlitePath";
    public const string HttpPort = "InferMesh__Http__Port";
    public const string GrpcPort = "InferMesh__Http__GrpcPort";

    /// <summary>The API of a developer lets callers on this machine in; it listens on no other address.</summary>
    public const string SecurityMode = "InferMesh__Security__Mode";

    public const string Development = "Development";

    public static Dictionary<string, string> Silo(MeshTopology mesh, SiloPorts ports, string redis, GrainStorage storage, int parentPid)
    {
        var environment = OrleansClient(mesh, redis, parentPid);
        environment["Orleans__Endpoints__SiloPort"] = Text(ports.Silo);
        environment["Orleans__Endpoints__GatewayPort"] = Text(ports.Gateway);
        environment["Orleans__Endpoints__AdvertisedIPAddress"] = "127.0.0.1";
        environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{ports.Http}";
        environment[StorageProvider] = storage.Provider;
        if (storage.SqlitePath is { } path) environment[StorageSqlitePath] = path;
        if (storage.ConnectionString is { } connection) environment[$"ConnectionStrings__{MeshTopology.Database}"] = connection;
        return environment;
    }

    public static Dictionary<string, string> Api(MeshTopology mesh, string redis, int parentPid)
    {
        var environment = OrleansClient(mesh, redis, parentPid);
        environment[HttpPort] = Text(mesh.ApiPort);
        environment[GrpcPort] = Text(mesh.GrpcPort);
        environment[SecurityMode] = Environment.GetEnvironmentVariable(SecurityMode) ?? Development;
        return environment;
    }

    /// <summary>What a process gets that is not part of the cluster.</summary>
    public static Dictionary<string, string> Plain(int parentPid) => new() { [ParentPid] = Text(parentPid) };

    private static Dictionary<string, string> OrleansClient(MeshTopology mesh, string redis, int parentPid) => new(Plain(parentPid))
    {
        ["Orleans__ClusterId"] = mesh.ClusterId,
        ["Orleans__ServiceId"] = mesh.ServiceId,
        ["Orleans__EnableDistributedTracing"] = "true",
        ["Orleans__Clustering__ProviderType"] = "Redis",
        ["Orleans__Clustering__ServiceKey"] = MeshTopology.Redis,
        [$"ConnectionStrings__{MeshTopology.Redis}"] = redis,
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
