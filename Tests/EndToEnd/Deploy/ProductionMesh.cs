using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using InferMesh.Tests.EndToEnd.Endurance;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Deploy;

/// <summary>
/// The production profile on one machine: its settings file, secrets as files, Redis, PostgreSQL, silos and APIs as processes of their own,
/// and haproxy with the file that compose mounts. Only addresses and ports differ.
/// </summary>
internal sealed class ProductionMesh : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Stack<IAsyncDisposable> _stores = [];
    private readonly DeploySecrets _secrets;
    private Process? _balancer;
    private ChildProcess? _fleet;

    private ProductionMesh(DeploySecrets secrets) => _secrets = secrets;

    public List<Member> Silos { get; } = [];

    public List<Member> Apis { get; } = [];

    public Uri Balancer { get; } = Address();

    public string AdminKey => _secrets.AdminKey;

    private Uri BalancerGrpc { get; } = Address();

    public static async Task<ProductionMesh> StartAsync(int silos, int apis, int nodes)
    {
        if (ExternalProcess.Find("haproxy", "/usr/sbin") is not { } haproxy)
        {
            Assert.Inconclusive("haproxy is neither on PATH nor in /usr/sbin (Debian: apt-get install haproxy)");
            throw new UnreachableException();
        }

        var postgres = await PostgresFixture.StartAsync();
        var redis = await RedisFixture.StartAsync();
        var mesh = new ProductionMesh(await DeploySecrets.MakeAsync(redis, postgres));
        mesh._stores.Push(postgres);
        mesh._stores.Push(redis);
        try
        {
            for (var i = 0; i < silos; i++) mesh.Silos.Add(mesh.Silo());
            for (var i = 0; i < apis; i++) mesh.Apis.Add(mesh.Api($"api-{i + 1}"));
            mesh.StartBalancer(haproxy);
            foreach (var member in mesh.Silos.Concat(mesh.Apis)) await UntilReadyAsync(member);
            mesh._fleet = new(
                Repository.Assembly("Cli", "InferMesh.Cli"),
                ["fleet", "--nodes", Text(nodes), "--base-port", "0", "--admin-port", Text(ExternalProcess.FreePort()), "--report", mesh.BalancerGrpc.ToString()],
                [new("INFERMESH_API_KEY", mesh._secrets.AgentKey)]);
            await ExternalProcess.UntilAsync(async () => await mesh.ReadyNodesAsync() == nodes, Patience, $"{nodes} ready nodes, reported through the balancer");
            return mesh;
        }
        catch (Exception e)
        {
            var output = string.Join("\n---\n", mesh.Silos.Concat(mesh.Apis).Select(m => m.Process.Output));
            await mesh.DisposeAsync();
            throw new InvalidOperationException($"{e.Message}\n{output}", e);
        }
    }

    /// <summary>Starts one more silo.</summary>
    public Member Silo()
    {
        var health = Address();
        return new(health, health, Start("Silo", new()
        {
            ["InferMesh__Cluster__AdvertisedIPAddress"] = "127.0.0.1",
            ["InferMesh__Cluster__ListenOnAnyAddress"] = "false",
            ["InferMesh__Cluster__SiloPort"] = Text(ExternalProcess.FreePort()),
            ["InferMesh__Cluster__GatewayPort"] = Text(ExternalProcess.FreePort()),
            ["InferMesh__Http__Url"] = health.ToString(),
        }));
    }

    /// <summary>Starts an API; in place of another one when that is given.</summary>
    public Member Api(string name, Member? inPlaceOf = null)
    {
        var (http, grpc) = (inPlaceOf?.Address ?? Address(), inPlaceOf?.Grpc ?? Address());
        return new(http, grpc, Start("Api", new()
        {
            ["InferMesh__Http__Address"] = "127.0.0.1",
            ["InferMesh__Http__Port"] = Text(http.Port),
            ["InferMesh__Http__GrpcPort"] = Text(grpc.Port),
            ["InferMesh__Api__Name"] = name,
        }));
    }

    public static Task UntilReadyAsync(Member member) => ExternalProcess.UntilAsync(async () => await AnswersAsync(new(member.Address, "/health/ready")), Patience, $"{member.Address} is ready");

    /// <summary>Waits until a silo sees so many active ones.</summary>
    public static Task UntilActiveAsync(Member silo, int count) => ExternalProcess.UntilAsync(
        async () =>
        {
            using var response = await Client.GetAsync(new Uri(silo.Address, "/health"));
            return (await response.Content.ReadAsStringAsync()).Contains($"is one of {count} active silos", StringComparison.Ordinal);
        },
        Patience, $"{count} active silos");

    /// <summary>Nodes that the balancer's APIs call ready.</summary>
    public async Task<int> ReadyNodesAsync()
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Balancer, "/api/v1/nodes?health=ready&limit=1"));
            request.Headers.Authorization = new("Bearer", AdminKey);
            using var response = await Client.SendAsync(request);
            using var page = JsonDocument.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync());
            return page.RootElement.GetProperty("total").GetInt32();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null) await _fleet.DisposeAsync();
        if (_balancer is { HasExited: false })
        {
            _balancer.Kill();
            await _balancer.WaitForExitAsync();
        }
        _balancer?.Dispose();
        foreach (var member in Apis.Concat(Silos)) await member.Process.DisposeAsync();
        while (_stores.TryPop(out var store)) await store.DisposeAsync();
        _secrets.Dispose();
    }

    private ChildProcess Start(string project, Dictionary<string, string> environment) => new(
        Repository.Assembly(project, $"InferMesh.{project}"), ["--config", DeploySecrets.SettingsFile, "--secrets", _secrets.Of(project.ToLowerInvariant())], environment);

    private void StartBalancer(string haproxy)
    {
        var start = new ProcessStartInfo(haproxy, ["-db", "-f", Path.Combine(Repository.Root, DeploySecrets.Deploy, "haproxy.cfg")]);
        (start.Environment["INFERMESH_HTTP"], start.Environment["INFERMESH_GRPC"]) = (Balancer.Authority, BalancerGrpc.Authority);
        for (var i = 0; i < Apis.Count; i++)
            (start.Environment[$"INFERMESH_API_{i + 1}_HTTP"], start.Environment[$"INFERMESH_API_{i + 1}_GRPC"]) = (Apis[i].Address.Authority, Apis[i].Grpc.Authority);
        _balancer = Process.Start(start)!;
    }

    private static async Task<bool> AnswersAsync(Uri address)
    {
        try
        {
            using var response = await Client.GetAsync(address);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static Uri Address() => new($"http://127.0.0.1:{ExternalProcess.FreePort()}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>One silo or API.</summary>
    /// <param name="Address">Where it tells its health; of an API, where it serves.</param>
    /// <param name="Grpc">Where an API serves gRPC.</param>
    /// <param name="Process">Its process.</param>
    internal sealed record Member(Uri Address, Uri Grpc, ChildProcess Process);
}
