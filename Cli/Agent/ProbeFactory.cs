using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Cli.Agent;

/// <summary>Makes the probes that a configuration names.</summary>
internal static class ProbeFactory
{
    /// <summary>The probes' own limit comes first: its message says which request was slow.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    public static NodeProbeOptions Create(AgentConfig config, ProbeClients clients, TimeProvider time) => new()
    {
        Gpu = GpuSources.Create(config.Gpu, time),
        GpuInterval = config.Interval,
        GpuTimeout = GpuSources.ReadLimit(config.Gpu) + Grace,
        InfiniBand = config.InfiniBand ? new InfiniBandSource(new InfiniBandOptions(), time) : null,
        Storage = [.. config.Storage.Select(storage => AgentTrial.Probe(storage, clients, time))],
        StorageInterval = config.StorageInterval,
        Runtimes = [.. config.Runtimes.Select(runtime => Target(runtime, clients, time))],
    };

    /// <summary>How a runtime is reached.</summary>
    public static RuntimeProbeOptions Options(RuntimeConfig runtime) => new()
    {
        Endpoint = runtime.Endpoint,
        MetricsEndpoint = runtime.MetricsEndpoint,
        ManagementEndpoint = runtime.ManagementEndpoint,
        Models = runtime.Models,
        Timeout = runtime.Timeout,
        BearerToken = runtime.BearerTokenFile is { } file ? File.ReadAllText(file).Trim() : null,
    };

    private static RuntimeTarget Target(RuntimeConfig runtime, ProbeClients clients, TimeProvider time) => new()
    {
        Probe = RuntimeKinds.CreateProbe(runtime.Kind, clients.For(runtime.Tls), Options(runtime), time),
        Kind = runtime.Kind,
        Endpoint = Address.Root(runtime.Advertise),
        Gpu = runtime.Gpu,
        PricePerHour = runtime.PricePerHour,
        Capacity = runtime.Capacity,
        Interval = runtime.Interval,
        Timeout = runtime.Timeout + Grace,
    };
}
