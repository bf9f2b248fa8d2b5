using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Dcgm;
using InferMesh.Adapters.Gpu.NvidiaSmi;
using InferMesh.Adapters.Gpu.Nvml;
using InferMesh.Adapters.Gpu.Rocm;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;

namespace InferMesh.Silo.Probes;

/// <summary>Makes the probes that the settings name.</summary>
internal static class ProbeTargets
{
    private const string ApiSuffix = "/v1";
    private const string DcgmPage = "http://127.0.0.1:9400/metrics";

    /// <summary>Above the sources' own limits, several of which may follow each other in one read.</summary>
    private static readonly TimeSpan GpuTimeout = TimeSpan.FromSeconds(16);

    /// <summary>The probes' own limit comes first: its message says which request was slow.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    public static NodeProbeOptions Create(ProbeSettings settings, HttpClient client, TimeProvider time) => new()
    {
        Gpu = GpuSource(settings),
        GpuTimeout = GpuTimeout,
        GpuInterval = settings.Interval,
        Runtimes = [.. settings.Runtimes.Select(runtime => Target(runtime, settings.Interval, client, time))],
    };

    private static IGpuSource? GpuSource(ProbeSettings settings) => settings.Gpu switch
    {
        ProbeGpuSource.Nvml => new NvmlGpuSource(settings.GpuLibraryPath),
        ProbeGpuSource.Dcgm => new DcgmGpuSource(new DcgmGpuOptions { Endpoint = new Uri(settings.GpuEndpoint ?? DcgmPage) }),
        ProbeGpuSource.NvidiaSmi => new NvidiaSmiGpuSource(new NvidiaSmiOptions { Path = settings.GpuToolPath }),
        ProbeGpuSource.Rocm => new RocmGpuSource(new RocmGpuOptions { Path = settings.GpuToolPath }),
        ProbeGpuSource.Auto => AutoGpuSource.OfThisMachine(),
        _ => null,
    };

    private static RuntimeTarget Target(RuntimeProbeSettings runtime, TimeSpan interval, HttpClient client, TimeProvider time) => new()
    {
        Probe = RuntimeKinds.CreateProbe(
            runtime.Kind,
            client,
            new RuntimeProbeOptions
            {
                Endpoint = new Uri(runtime.Endpoint),
                MetricsEndpoint = runtime.MetricsEndpoint is { } metrics ? new Uri(metrics) : null,
                ManagementEndpoint = runtime.ManagementEndpoint is { } management ? new Uri(management) : null,
                Models = [.. runtime.Models],
                Timeout = runtime.Timeout,
                BearerToken = runtime.BearerTokenFile is { } file ? File.ReadAllText(file).Trim() : null,
            },
            time),
        Kind = runtime.Kind,
        Endpoint = Root(runtime.Advertise ?? runtime.Endpoint),
        Gpu = runtime.Gpu,
        PricePerHour = runtime.PricePerHour,
        Interval = interval,
        Timeout = runtime.Timeout + Grace,
        Capacity = new RuntimeCapacity
        {
            MaxConcurrency = runtime.MaxConcurrency,
            PrefillTokensPerSecond = runtime.PrefillTokensPerSecond,
            DecodeTokensPerSecond = runtime.DecodeTokensPerSecond,
            MinSecondsPerToken = runtime.MinSecondsPerToken,
        },
    };

    private static string Root(string address)
    {
        var text = new Uri(address).GetLeftPart(UriPartial.Path).TrimEnd('/');
        return text.EndsWith(ApiSuffix, StringComparison.Ordinal) ? text[..^ApiSuffix.Length].TrimEnd('/') : text;
    }
}
