using InferMesh.Adapters.Gpu.Synthetic;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.Cli.Fleet;
using InferMesh.Cli.Fleet.Http;

namespace InferMesh.Cli.Agent;

/// <summary>
/// Reports a synthetic fleet: an agent for each node in this process, each reading its node's real metrics page, over HTTP up to <see cref="MaxOverHttp"/> nodes. Runs once, and closes its
/// logs then.
/// </summary>
internal sealed partial class FleetReporter(IReadOnlyList<Uri> meshes, TimeSpan interval, ILoggerFactory logs, TimeProvider time) : IFleetObserver
{
    /// <summary>Nodes that share one connection; a server lets about a hundred streams into one.</summary>
    private const int NodesPerChannel = 32;

    /// <summary>The pages of more nodes are read without a connection each: what it takes to fetch them is not what a mesh pays for its agents.</summary>
    private const int MaxOverHttp = 256;

    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);
    private readonly ILogger _log = logs.CreateLogger("infermesh.fleet");

    /// <summary>Key or token that is sent with each call; null for none.</summary>
    public Credential? Credential { get; init; }

    /// <summary>Certificates for https addresses; null trusts what this machine trusts and shows none.</summary>
    public ClientTlsFiles? Tls { get; init; }

    public async Task RunAsync(IReadOnlyList<SyntheticNode> nodes, CancellationToken cancellationToken)
    {
        using var clients = new ProbeClients();
        using var pages = nodes.Count > MaxOverHttp ? new HttpClient(new NodePages(nodes)) { Timeout = Timeout.InfiniteTimeSpan } : null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var connections = new FleetConnections(nodes.Count, _log);
        var epoch = NodeEpoch.Begin(time);
        StatePlaneTarget[][] targets = [.. nodes.Chunk(NodesPerChannel).Select(_ => meshes.Select(mesh => new StatePlaneTarget(mesh, Tls, Credential, time, reason => LogTls(_log, reason))).ToArray())];
        try
        {
            List<Task> running = [TellAsync(connections, stop.Token)];
            for (var i = 0; i < nodes.Count; i++)
                running.Add(ReportAsync(nodes[i], i / (double)nodes.Count, targets[i / NodesPerChannel], pages ?? clients.Shared, epoch, connections, stop.Token));
            // The first to end is the first to fail, or the stop.
            var first = await Task.WhenAny(running);
            await stop.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
        }
        catch (RegistrationRejectedException exception)
        {
            throw new CommandFailedException(exception.Message);
        }
        finally
        {
            connections.Tell();
            logs.Dispose();
            foreach (var channel in targets.SelectMany(static channels => channels))
                channel.Dispose();
        }
    }

    private async Task ReportAsync(
        SyntheticNode node, double phase, StatePlaneTarget[] channels, HttpClient client, long epoch, IReporterEvents events, CancellationToken cancellationToken)
    {
        // Spread over the interval: a fleet that ticks as one would be a load of bursts.
        await Task.Delay(phase * interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cancellationToken.IsCancellationRequested)
            return;
        await using var probe = NodeProbe.Start(Probes(node, client), time);
        var options = new ReporterOptions { Interval = interval, Epoch = epoch, Silent = () => node.Silent };
        await new NodeReporter(Identity(node), probe, channels, options, events, time, Random.Shared).RunAsync(cancellationToken);
    }

    private NodeProbeOptions Probes(SyntheticNode node, HttpClient client) => new()
    {
        Gpu = new SyntheticGpuSource(
            new SyntheticGpuOptions { Type = SyntheticGpuType.Get(node.GpuProfile.Name), Seed = SeedOf(node.Id) }, time, () => node.Load),
        GpuInterval = interval,
        Runtimes =
        [
            new RuntimeTarget
            {
                Probe = RuntimeKinds.CreateProbe(RuntimeKinds.Vllm, client, new RuntimeProbeOptions { Endpoint = node.Endpoint }, time),
                Kind = RuntimeKinds.Vllm,
                Endpoint = node.Endpoint.GetLeftPart(UriPartial.Authority),
                Gpu = node.GpuProfile.Name,
                PricePerHour = node.GpuProfile.PriceUsdPerHour,
                Capacity = FleetCapacity.Of(node.GpuProfile, node.TimeScale),
                Interval = interval,
            },
        ],
    };

    internal static NodeIdentity Identity(SyntheticNode node) => new()
    {
        Node = new()
        {
            Id = node.Id,
            Cell = node.Cell,
            Zone = node.Zone,
            Labels = new Dictionary<string, string>(node.Labels) { ["gpu"] = node.GpuProfile.Name },
        },
        Synthetic = true,
    };

    private static async Task TellAsync(FleetConnections connections, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TellEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
                connections.Tell();
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>FNV-1a: the same node gets the same GPUs in every run.</summary>
    private static ulong SeedOf(string id)
    {
        const ulong Offset = 14695981039346656037;
        const ulong Prime = 1099511628211;
        return id.Aggregate(Offset, (hash, c) => (hash ^ c) * Prime);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "new certificates cannot be used, the old ones stay: {Reason}")]
    private static partial void LogTls(ILogger logger, string reason);
}
