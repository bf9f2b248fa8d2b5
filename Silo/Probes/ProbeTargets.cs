using InferMesh.Adapters.Gpu.Nvml;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes.Vllm;

namespace InferMesh.Silo.Probes;

/// <summary>Makes the probes that the settings name.</summary>
internal static class ProbeTargets
{
    private const string ApiSuffix = "/v1";

    /// <summary>The probes' own limit comes first: its message says which request was slow.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    public static NodeProbeOptions Create(ProbeSettings settings, HttpClient client, TimeProvider time) => new()
    {
        Gpu = settings.Gpu == ProbeGpuSource.Nvml ? new NvmlGpuSource(settings.GpuLibraryPath) : null,
        GpuInterval = settings.Interval,
        Runtimes = [.. settings.Runtimes.Select(runtime => Target(runtime, settings.Interval, client, time))],
    };

    private static RuntimeTarget Target(RuntimeProbeSettings runtime, TimeSpan interval, HttpClient client, TimeProvider time) => new()
    {
        Probe = new VllmProbe(
            client,
            new VllmProbeOptions
            {
                Endpoint = new Uri(runtime.Endpoint),
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
