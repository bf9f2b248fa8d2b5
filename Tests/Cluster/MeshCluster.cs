using InferMesh.Grains;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Silo.Options;
using InferMesh.Silo.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Streams;
using Orleans.TestingHost;

namespace InferMesh.Tests.Cluster;

/// <summary>Two silos in this process on one SQLite file, started once: tests keep out of each other's way by names of their own.</summary>
[TestClass]
public static class MeshCluster
{
    public static readonly TimeSpan SuspectAfter = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan OfflineAfter = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Quarantine = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan Probation = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan JobLease = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static InProcessTestCluster s_cluster = null!;
    private static string s_directory = "";
    private static long s_unique;

    public static InProcessTestCluster Silos => s_cluster;

    /// <summary>Where all silos record all decisions of all tests.</summary>
    public static string RecordingPath => Path.Combine(s_directory, "recording");

    /// <summary>File of the database of all silos.</summary>
    public static string StoragePath => Path.Combine(s_directory, "mesh.db");

    public static IClusterClient Client => s_cluster.Client;

    [AssemblyInitialize]
    public static async Task StartAsync(TestContext context)
    {
        s_directory = Directory.CreateTempSubdirectory("infermesh-cluster-").FullName;
        s_cluster = Build(StoragePath, 2);
        await s_cluster.DeployAsync();
    }

    /// <summary>Silos on a database file that may be there already.</summary>
    public static InProcessTestCluster Build(string path, short silos)
    {
        var storage = new StorageSettings { SqlitePath = path };
        var builder = new InProcessTestClusterBuilder(silos);
        builder.Options.ServiceId = "infermesh-tests";
        builder.ConfigureSilo((_, silo) =>
        {
            silo.UseMeshStorage(storage);
            FailingWrites.Wrap(silo.Services);
            silo.AddMemoryStreams(MeshStreams.ProviderName, Streams);
            silo.AddMeshGrains();
            silo.AddIncomingGrainCallFilter<FailingCalls>();
            silo.Services.AddSingleton<IOptionsMonitor<HealthSettings>>(new Fixed<HealthSettings>(new() { SuspectAfter = SuspectAfter, OfflineAfter = OfflineAfter }));
            silo.Services.Configure<FaultSettings>(o =>
            {
                (o.Quarantine, o.Probation) = (Quarantine, Probation);
                (o.ThrottleAfter, o.SilentAfter) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
            });
            silo.Services.Configure<RoutingSettings>(o => (o.SnapshotPeriod, o.SampleEvery, o.ShadowStrategy, o.ShadowCpuShare) = (TimeSpan.FromMilliseconds(50), 2, "least_queue", 0.2));
            silo.Services.Configure<RecordingSettings>(static o => o.Folder = RecordingPath);
            // A busy machine makes no plugin late here.
            silo.Services.Configure<PluginSettings>(o => (o.Development, o.RoutingDeadline) = (true, TimeSpan.FromSeconds(1)));
            silo.Services.Configure<ExperimentSettings>(o => (o.ReportPeriod, o.StorePeriod) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1)));
            silo.Services.Configure<TenancySettings>(o => o.Lease = TimeSpan.FromSeconds(4));
            silo.Services.Configure<JobSettings>(o =>
            {
                (o.Lease, o.PlanPeriod, o.StartLimit) = (JobLease, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));
                (o.AvoidFor, o.SettledAfter, o.RestartCost) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
                o.ReclaimAfter = TimeSpan.FromSeconds(2);
            });
            silo.Configure<GrainDirectoryOptions>(static o => o.RangeLeaseDuration = TimeSpan.FromSeconds(3));
            silo.Configure<ClusterMembershipOptions>(o =>
            {
                o.ProbeTimeout = TimeSpan.FromSeconds(1);
                o.NumMissedProbesLimit = 2;
                o.NumVotesForDeathDeclaration = 1;
            });
        });
        builder.ConfigureClient(client => client.AddMemoryStreams(MeshStreams.ProviderName, streams =>
        {
            streams.ConfigurePartitioning(MeshStreams.PartitionCount);
            streams.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
        }));
        return builder.Build();

        static void Streams(ISiloMemoryStreamConfigurator streams)
        {
            streams.ConfigurePartitioning(MeshStreams.PartitionCount);
            streams.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
            streams.ConfigurePullingAgent(agent => agent.Configure(o => o.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(20)));
        }
    }

    [AssemblyCleanup]
    public static async Task StopAsync()
    {
        await s_cluster.DisposeAsync();
        Directory.Delete(s_directory, recursive: true);
    }

    /// <summary>A name that no other test uses.</summary>
    public static string Unique(string prefix) => $"{prefix}-{Interlocked.Increment(ref s_unique)}";

    public static IRouterGrain Router(long key = 0) => Client.GetGrain<IRouterGrain>(key);

    public static async Task<INodeGrain> RegisterAsync(string node, string cell, string zone = "zone-a")
    {
        var grain = Client.GetGrain<INodeGrain>(node);
        var result = await grain.Register(new() { NodeId = node, CellId = cell, Zone = zone }, "test");
        Assert.AreEqual(NodeCommandStatus.Accepted, result.Status, string.Join("; ", result.Errors));
        return grain;
    }

    public static Task ReportAsync(NodeTelemetry telemetry) =>
        Client.GetStreamProvider(MeshStreams.ProviderName).GetStream<NodeTelemetry>(StreamId.Create(MeshStreams.NodeTelemetry, telemetry.NodeId)).OnNextAsync(telemetry);

    public static NodeTelemetry Telemetry(string node, string model, long sequence, double running = 0, double waiting = 0, long epoch = 1) => new()
    {
        NodeId = node,
        Epoch = epoch,
        Sequence = sequence,
        SampledAt = DateTimeOffset.UtcNow,
        Gpus = [new() { GpuUuid = $"GPU-{node}", Name = "Test GPU", SmUtilization = 0.5, VramTotalBytes = 80L << 30, VramUsedBytes = 40L << 30 }],
        Runtimes =
        [
            new()
            {
                Runtime = "vllm", Endpoint = $"http://{node}:8000", Healthy = true, Gpu = "H100-80G",
                Models = [new() { Model = model, Running = running, Waiting = waiting, KvCacheUsage = 0.1, MaxConcurrency = 64, PrefillCapacityTokensPerSecond = 20_000, DecodeCapacityTokensPerSecond = 3_000, MinSecondsPerToken = 0.01 }],
            },
        ],
    };

    /// <summary>Keeps reporting a node until it is disposed, as its agent would.</summary>
    public static IAsyncDisposable KeepReporting(string node, string model, Func<double>? running = null) => new Reporter(node, model, running, static telemetry => telemetry);

    /// <summary>The same, with readings changed before they are sent.</summary>
    public static IAsyncDisposable KeepReporting(string node, string model, Func<NodeTelemetry, NodeTelemetry> change) => new Reporter(node, model, null, change);

    /// <summary>All events of the shared cluster, page by page: other tests make more of them than a page has.</summary>
    public static async Task<IReadOnlyList<MeshEvent>> EventsAsync()
    {
        var (all, cursor) = (new List<MeshEvent>(), 0L);
        while (true)
        {
            var page = await Client.GetGrain<IEventLogGrain>(IEventLogGrain.Key).ReadAfter(cursor, 1000, TimeSpan.Zero);
            if (page.Events.Count == 0) return all;
            all.AddRange(page.Events);
            cursor = page.Cursor;
        }
    }

    /// <summary>Waits until the condition holds, and fails with the last value when it does not in time.</summary>
    public static async Task<T> EventuallyAsync<T>(Func<Task<T>> read, Func<T, bool> condition, string what, TimeSpan? patience = null)
    {
        var until = DateTime.UtcNow + (patience ?? Patience);
        while (true)
        {
            var value = await read();
            if (condition(value)) return value;
            if (DateTime.UtcNow > until) Assert.Fail($"{what}: still {value} after {patience ?? Patience}");
            await Task.Delay(20);
        }
    }

    private sealed class Fixed<T>(T value) : IOptionsMonitor<T>
    {
        public T CurrentValue => value;

        public T Get(string? name) => value;

        public IDisposable? OnChange(Action<T, string?> listener) => null;
    }

    private sealed class Reporter : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _loop;

        public Reporter(string node, string model, Func<double>? running, Func<NodeTelemetry, NodeTelemetry> change) => _loop = Task.Run(async () =>
        {
            var epoch = DateTime.UtcNow.Ticks;
            for (var sequence = 1L; !_stop.IsCancellationRequested; sequence++)
            {
                await ReportAsync(change(Telemetry(node, model, sequence, running?.Invoke() ?? 0, epoch: epoch)));
                await Task.Delay(200, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop;
            _stop.Dispose();
        }
    }
}
