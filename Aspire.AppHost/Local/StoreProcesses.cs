using System.Globalization;
using InferMesh.AppHost.Local.Health;
using InferMesh.AppHost.Stores;

namespace InferMesh.AppHost.Local;

/// <summary>The processes of the stores that run beside the silos.</summary>
internal static class StoreProcesses
{
    /// <summary>redis-server, loopback only, with an append-only file: lost membership would leave the silos without a cluster.</summary>
    public static ProcessSpec RedisServer(MeshTopology mesh, string program, int port, IReadOnlyDictionary<string, string?> environment) => new(
        MeshTopology.Redis, program, ["--port", Text(port), "--bind", "127.0.0.1", "--dir", Directory(mesh, "redis"), "--appendonly", "yes", "--save", ""])
    {
        Environment = environment,
        Health = new RedisHealth(port),
    };

    /// <summary>
    /// Garnet, sized for membership data. Lua is what Orleans' Redis providers need; the append-only file is committed with each write,
    /// by the managed device (the native one wants libaio).
    /// </summary>
    public static ProcessSpec Garnet(MeshTopology mesh, IBuiltProcesses built, int port, IReadOnlyDictionary<string, string?> environment)
    {
        var (file, arguments) = built.Command("InferMesh.EmbeddedRedis");
        return new(MeshTopology.Redis, file,
        [
            .. arguments, "--port", Text(port), "--bind", "127.0.0.1", "--lua", "--memory", "64m", "--page", "4m", "--index", "8m",
            "--aof", "--aof-memory", "32m", "--aof-page-size", "8m", "--aof-segment-size", "64m", "--aof-commit-freq", "0",
            "--recover", "--device-type", "RandomAccess", "--checkpointdir", Directory(mesh, "garnet"), "--logger-level", "Warning",
        ])
        {
            Environment = environment,
            Health = new RedisHealth(port),
        };
    }

    public static ProcessSpec Postgres(PostgresCluster cluster, int port, IReadOnlyDictionary<string, string?> environment)
    {
        var (file, arguments) = cluster.ServerCommand(port);
        return new(MeshTopology.Postgres, file, arguments)
        {
            Environment = environment,
            Health = new PostgresHealth(port, PostgresCluster.User, MeshTopology.Database),
            // "Fast" shutdown; SIGTERM would wait for every client to leave by itself.
            StopSignal = UnixSignal.Interrupt,
        };
    }

    private static string Directory(MeshTopology mesh, string name) => System.IO.Directory.CreateDirectory(Path.Combine(mesh.DataDirectory, name)).FullName;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
