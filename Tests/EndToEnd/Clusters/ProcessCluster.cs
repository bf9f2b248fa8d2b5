using System.Diagnostics;
using System.Globalization;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Clusters;

/// <summary>What a cluster is made of.</summary>
internal sealed record ClusterPlan
{
    public int Silos { get; init; } = 3;

    public int Apis { get; init; } = 2;

    /// <summary>Nodes of the synthetic fleet; 0 for none.</summary>
    public int Nodes { get; init; }

    /// <summary>Redis keeps its data when it is killed.</summary>
    public bool IsRedisDurable { get; init; } = true;

    /// <summary>SQLite file; null for PostgreSQL.</summary>
    public string? SqlitePath { get; init; }

    /// <summary>Variables of a silo, by its number, on top of the usual ones.</summary>
    public Func<int, IEnumerable<(string Name, string Value)>> SiloEnvironment { get; init; } = static _ => [];

    /// <summary>Program and arguments before those that start a silo, by its number, such as one that sets its group.</summary>
    public Func<int, IEnumerable<string>> SiloPrefix { get; init; } = static _ => [];
}

/// <summary>A cluster as in production, each part a process of its own that a test may kill or stop: silos, APIs, Redis, PostgreSQL and a synthetic fleet.</summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);

    private readonly string _folder = Directory.CreateTempSubdirectory("infermesh-cluster-").FullName;
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };

    private ProcessCluster(RedisFixture redis, PostgresFixture? postgres, ClusterPlan plan)
    {
        (Redis, Postgres) = (redis, postgres);
        var cluster = $"test-{Guid.NewGuid():N}";
        Silos = [.. Enumerable.Range(0, plan.Silos).Select(i => Silo(i, cluster, plan))];
        Apis = [.. Enumerable.Range(0, plan.Apis).Select(i => Api(i, cluster))];
        if (plan.Nodes > 0) Fleet = StartFleet(plan.Nodes);
    }

    public RedisFixture Redis { get; }

    /// <summary>Null when the cluster is on SQLite.</summary>
    public PostgresFixture? Postgres { get; }

    public IReadOnlyList<SupervisedProcess> Silos { get; }

    public IReadOnlyList<SupervisedProcess> Apis { get; }

    public SupervisedProcess? Fleet { get; }

    /// <summary>Ports of each silo for silos and for clients.</summary>
    public List<(int Silos, int Clients)> SiloPorts { get; } = [];

    /// <summary>Addresses of REST and the ingress, one per API.</summary>
    public IReadOnlyList<Uri> Rest => [.. Apis.Select(static a => a.Address!)];

    /// <summary>Addresses of gRPC, one per API.</summary>
    public List<Uri> Grpc { get; } = [];

    /// <summary>Starts everything and waits until all say that they are ready.</summary>
    public static async Task<ProcessCluster> StartAsync(ClusterPlan plan)
    {
        var redis = await RedisFixture.StartAsync(plan.IsRedisDurable);
        PostgresFixture? postgres = null;
        try
        {
            if (plan.SqlitePath is null) postgres = await PostgresFixture.StartAsync();
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
        var mesh = new ProcessCluster(redis, postgres, plan);
        try
        {
            await mesh.UntilReadyAsync(StartLimit);
            return mesh;
        }
        catch
        {
            await mesh.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until every silo and every API is ready.</summary>
    public async Task UntilReadyAsync(TimeSpan limit)
    {
        try
        {
            await ExternalProcess.UntilAsync(async () => (await NotReadyAsync()).Count == 0, limit, "all silos and APIs are ready");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}: not {string.Join(", ", await NotReadyAsync())}\n{Logs()}", e);
        }
    }

    /// <summary>Names of those that are not ready.</summary>
    public async Task<IReadOnlyList<string>> NotReadyAsync()
    {
        var parts = Silos.Concat(Apis).ToArray();
        var ready = await Task.WhenAll(parts.Select(p => IsReadyAsync(p.Address!)));
        return [.. parts.Where((_, i) => !ready[i]).Select(static p => p.Name)];
    }

    public async Task<bool> IsReadyAsync(Uri address)
    {
        try
        {
            using var response = await _client.GetAsync(new Uri(address, "/health/ready"));
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>The ends of all logs.</summary>
    public string Logs() => string.Concat(Silos.Concat(Apis).Select(static p => $"--- {p.Name}\n{string.Join('\n', ReadLines(p.LogPath).TakeLast(40))}\n"));

    /// <summary>Lines that the silos and APIs logged.</summary>
    public IEnumerable<string> LogLines() => Silos.Concat(Apis).SelectMany(static p => ReadLines(p.LogPath).Select(l => $"{p.Name}: {l}"));

    /// <summary>Copies the logs to another folder.</summary>
    public void SaveLogs(string folder)
    {
        foreach (var part in Silos.Concat(Apis)) File.WriteAllLines(Path.Combine(folder, part.Name + ".log"), ReadLines(part.LogPath));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Silos.Concat(Apis).Append(Fleet).OfType<SupervisedProcess>()) await part.DisposeAsync();
        if (Postgres is not null) await Postgres.DisposeAsync();
        await Redis.DisposeAsync();
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private SupervisedProcess Silo(int number, string cluster, ClusterPlan plan)
    {
        var http = ExternalProcess.FreePort();
        SiloPorts.Add((ExternalProcess.FreePort(), ExternalProcess.FreePort()));
        Dictionary<string, string> environment = new(Common(cluster))
        {
            ["InferMesh__Cluster__SiloPort"] = Text(SiloPorts[number].Silos),
            ["InferMesh__Cluster__GatewayPort"] = Text(SiloPorts[number].Clients),
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{http}",
        };
        if (Postgres is not null) environment["ConnectionStrings__meshdb"] = Postgres.ConnectionString;
        else environment["InferMesh__Storage__SqlitePath"] = plan.SqlitePath!;
        foreach (var (name, value) in plan.SiloEnvironment(number)) environment[name] = value;
        return new($"silo-{number}", _folder, new($"http://127.0.0.1:{http}"), () => Start([.. plan.SiloPrefix(number), "dotnet", Repository.Assembly("Silo", "InferMesh.Silo")], environment));
    }

    private SupervisedProcess Api(int number, string cluster)
    {
        var (http, grpc) = (ExternalProcess.FreePort(), ExternalProcess.FreePort());
        Grpc.Add(new($"http://127.0.0.1:{grpc}"));
        Dictionary<string, string> environment = new(Common(cluster)) { ["InferMesh__Http__Port"] = Text(http), ["InferMesh__Http__GrpcPort"] = Text(grpc), ["InferMesh__Security__Mode"] = "Development" };
        return new($"api-{number}", _folder, new($"http://127.0.0.1:{http}"), () => Start(["dotnet", Repository.Assembly("Api", "InferMesh.Api")], environment));
    }

    private SupervisedProcess StartFleet(int nodes)
    {
        string[] arguments =
        [
            "dotnet", Repository.Assembly("Cli", "InferMesh.Cli"), "fleet", "--nodes", Text(nodes), "--cells", "1", "--base-port", "0", "--admin-port", "0",
            .. Grpc.SelectMany(static g => new[] { "--report", g.ToString() }),
        ];
        return new("fleet", _folder, null, () => Start(arguments, new() { ["MESH_PARENT_PID"] = Text(Environment.ProcessId) }));
    }

    private Dictionary<string, string> Common(string cluster) => new()
    {
        ["MESH_PARENT_PID"] = Text(Environment.ProcessId),
        ["InferMesh__Cluster__Provider"] = "Redis",
        ["InferMesh__Cluster__ClusterId"] = cluster,
        ["ConnectionStrings__redis"] = Redis.ConnectionString,
    };

    private static ProcessStartInfo Start(string[] command, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return start;
    }

    private static List<string> ReadLines(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        List<string> lines = [];
        while (reader.ReadLine() is { } line) lines.Add(line);
        return lines;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
