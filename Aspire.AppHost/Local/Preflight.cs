using InferMesh.AppHost.Stores;
using InferMesh.AppHost.Tools;

namespace InferMesh.AppHost.Local;

/// <summary>What is decided, and refused, before anything is started.</summary>
internal sealed record Preflight(RedisChoice? Redis, StorageChoice? Storage, IReadOnlyList<string> Errors)
{
    public static Preflight Check(MeshTopology mesh, IExecutables executables)
    {
        var errors = new List<string>();
        var redis = RedisChoice.Choose(mesh.RedisSource, executables, errors);
        var storage = StorageChoice.Choose(mesh.PostgresSource, executables, errors);
        CheckPort(mesh.ApiPort, "ApiPort", errors);
        CheckPort(mesh.GrpcPort, "GrpcPort", errors);
        return new(redis, storage, errors);
    }

    private static void CheckPort(int port, string setting, List<string> errors)
    {
        if (!PortFinder.IsFree(port)) errors.Add($"Port {port} on 127.0.0.1 is taken: stop what listens there, or choose another with --Mesh:{setting}=...");
    }
}
