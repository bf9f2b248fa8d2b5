using InferMesh.AppHost.Stores;
using InferMesh.AppHost.Topology;

namespace InferMesh.AppHost.Local;

/// <summary>Brings the tiers up one after the other and describes what then runs.</summary>
internal sealed class LocalMesh(MeshTopology mesh, RedisChoice redis, StorageChoice storage, MeshProcesses processes, IBuiltProcesses built, Supervisor supervisor)
{
    private readonly PortFinder _ports = new();
    private readonly List<(string Name, string Value)> _rows = [];

    public async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        var redisConnection = await StartRedisAsync(cancellationToken);
        var grainStorage = await StartStorageAsync(cancellationToken);
        List<SiloPorts> ports = [.. Enumerable.Range(0, mesh.Silos).Select(_ => new SiloPorts(_ports.Next(), _ports.Next(), _ports.Next()))];
        await supervisor.StartTierAsync([.. ports.Select((p, i) => processes.Silo(i, p, redisConnection, grainStorage))], cancellationToken);
        await supervisor.StartTierAsync([processes.Api(redisConnection)], cancellationToken);
        if (mesh.FleetPlan is { } plan) await supervisor.StartTierAsync([processes.Fleet(plan)], cancellationToken);
        if (mesh.TrainerPlan is { } trainers)
            await supervisor.StartTierAsync([.. trainers.Write(mesh.TrainerDirectory, mesh.GrpcAddress).Select((file, i) => processes.Trainer(i, file))], cancellationToken);
        return Describe(ports);
    }

    private async Task<string> StartRedisAsync(CancellationToken cancellationToken)
    {
        if (redis.ConnectionString is { } connection)
        {
            _rows.Add(("Redis", redis.ToString()));
            return connection;
        }

        var port = _ports.Next();
        var spec = redis.Program is { } program
            ? StoreProcesses.RedisServer(mesh, program, port, processes.PlainEnvironment)
            : StoreProcesses.Garnet(mesh, built, port, processes.PlainEnvironment);
        await supervisor.StartTierAsync([spec], cancellationToken);
        _rows.Add(("Redis", $"{redis}, 127.0.0.1:{port}"));
        return $"127.0.0.1:{port}";
    }

    private async Task<GrainStorage> StartStorageAsync(CancellationToken cancellationToken)
    {
        if (storage.ConnectionString is { } connection)
        {
            _rows.Add(("Storage", storage.ToString()));
            return GrainStorage.Postgres(connection);
        }

        if (storage.Programs is not { } programs)
        {
            _rows.Add(("Storage", $"{storage}, {mesh.SqlitePath}"));
            return GrainStorage.Sqlite(mesh.SqlitePath);
        }

        var cluster = new PostgresCluster(programs, Path.Combine(mesh.DataDirectory, "postgres"), MeshTopology.Database);
        await cluster.EnsureCreatedAsync(cancellationToken);
        var port = _ports.Next();
        await supervisor.StartTierAsync([StoreProcesses.Postgres(cluster, port, processes.PlainEnvironment)], cancellationToken);
        _rows.Add(("Storage", $"{storage}, 127.0.0.1:{port}, database {MeshTopology.Database}"));
        return GrainStorage.Postgres(cluster.ConnectionString(port));
    }

    private string Describe(IReadOnlyList<SiloPorts> ports)
    {
        var pids = supervisor.Running.ToDictionary(p => p.Name, p => p.Pid);
        return MeshSummary.Render(mesh, [.. ports.Select((p, i) => (p.Http, pids[MeshProcesses.SiloName(i)]))], _rows);
    }
}
