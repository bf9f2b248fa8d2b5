using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Nvml;
using InferMesh.Adapters.Gpu.Synthetic;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes.Vllm;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Cli.Agent;

/// <summary>Makes the probes that a configuration names.</summary>
internal static class ProbeFactory
{
    /// <summary>Load of invented GPUs that no runtime drives: a machine about half busy.</summary>
    private const double IdleSyntheticLoad = 0.5;

    /// <summary>The probes' own limit comes first: its message says which request was slow.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    public static NodeProbeOptions Create(AgentConfig config, HttpClient client, TimeProvider time) => new()
    {
        Gpu = GpuSource(config.Gpu, time),
        GpuInterval = config.Interval,
        Runtimes = [.. config.Runtimes.Select(runtime => Target(runtime, client, time))],
    };

    /// <summary>A client for probes: its limits are the probes' own.</summary>
    public static HttpClient Client() => new(new SocketsHttpHandler
    {
        // Runtimes are neighbours: a proxy for the way out is not for them.
        UseProxy = false,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ConnectTimeout = TimeSpan.FromSeconds(5),
    })
    {
        Timeout = System.Threading.Timeout.InfiniteTimeSpan,
    };

    private static IGpuSource? GpuSource(GpuConfig gpu, TimeProvider time) => gpu.Source switch
    {
        GpuSourceKind.Nvml => new NvmlGpuSource(gpu.LibraryPath),
        GpuSourceKind.Synthetic => new SyntheticGpuSource(
            new SyntheticGpuOptions { Type = SyntheticGpuType.Get(gpu.SyntheticType), Count = gpu.SyntheticCount, Seed = (ulong)gpu.SyntheticSeed },
            time,
            static () => IdleSyntheticLoad),
        _ => null,
    };

    private static RuntimeTarget Target(RuntimeConfig runtime, HttpClient client, TimeProvider time) => new()
    {
        Probe = new VllmProbe(
            client,
            new VllmProbeOptions
            {
                Endpoint = runtime.Endpoint,
                Timeout = runtime.Timeout,
                BearerToken = runtime.BearerTokenFile is { } file ? File.ReadAllText(file).Trim() : null,
            },
            time),
        Kind = runtime.Kind,
        Endpoint = Address.Root(runtime.Advertise),
        Gpu = runtime.Gpu,
        PricePerHour = runtime.PricePerHour,
        Capacity = runtime.Capacity,
        Interval = runtime.Interval,
        Timeout = runtime.Timeout + Grace,
    };
}
