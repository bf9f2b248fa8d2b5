using System.Globalization;
using System.Net;
using InferMesh.Adapters.Comm.Nccl;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Cli.Agent;

/// <summary>Says in words what a configuration makes the agent do.</summary>
internal static class AgentCheck
{
    public static IEnumerable<string> Describe(AgentConfig config)
    {
        yield return $"node     {config.Node.Id} in {string.Join(", ", Place(config.Node))}, roles {string.Join(", ", config.Node.Roles)}";
        yield return $"reports  to {string.Join(", then ", config.Targets.Select(target => target.GetLeftPart(UriPartial.Authority)))} every {DurationText.Format(config.Interval)}{Tls(config.Tls?.Read())}";
        yield return "gpu      " + config.Gpu.Source switch
        {
            GpuSourceKind.Nvml => $"nvml, {config.Gpu.LibraryPath ?? "library where drivers install it"}",
            GpuSourceKind.Synthetic => $"synthetic, {config.Gpu.SyntheticCount} {config.Gpu.SyntheticType}, synthetic=true",
            GpuSourceKind.Dcgm => $"dcgm, {config.Gpu.Endpoint}{(config.Gpu.BearerTokenFile is null ? "" : ", with a bearer token")}{Tls(config.Gpu.Tls)}",
            GpuSourceKind.NvidiaSmi or GpuSourceKind.Rocm => $"{GpuConfigReader.NameOf(config.Gpu.Source)}, {config.Gpu.ToolPath ?? "tool where drivers install it"}",
            GpuSourceKind.Auto => "auto: nvml, else nvidia-smi, else rocm",
            _ => "none",
        };
        if (config.Metrics is { } metrics)
            yield return $"metrics  http://{metrics}/metrics";
        foreach (var runtime in config.Runtimes)
        {
            yield return Line(runtime);
            if (runtime.Advertise.IsLoopback && !config.Targets.All(target => target.IsLoopback))
                yield return $"  note: routers on other machines cannot reach {Address.Root(runtime.Advertise)}; set advertise";
        }

        if (config.InfiniBand)
            yield return "network  infiniband, ports below /sys/class/infiniband";
        foreach (var storage in config.Storage)
            yield return Line(storage);
        if (!config.Training.Enabled)
            yield break;
        yield return $"training ranks are reached at {config.Training.Host}, work in {config.Training.WorkDir}, programs {string.Join(", ", [TrainingConfig.Trainer, .. config.Training.Commands])}";
        if (Topology(config.Training.Topology) is { } topology)
            yield return $"  NCCL_TOPO_FILE: {topology}";
        if (IsLoopback(config.Training.Host) && !config.Targets.All(target => target.IsLoopback))
            yield return $"  note: ranks on other machines cannot reach {config.Training.Host}; set training.host";
    }

    private static string? Topology(string topology) => topology switch
    {
        TrainingConfig.TopologyNone => null,
        TrainingConfig.TopologyAuto => NcclTopology.Read() is { } found
            ? string.Create(CultureInfo.InvariantCulture, $"made of the PCI devices here, {found.Gpus} GPUs and {found.Nics} network cards on {found.NumaNodes} NUMA nodes")
            : null,
        _ => topology,
    };

    private static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static IEnumerable<string> Place(NodeConfig node) => new[]
    {
        ("cell", node.Cell), ("zone", node.Zone), ("region", node.Region), ("failure domain", node.FailureDomain),
    }.Where(place => place.Item2.Length > 0).Select(place => $"{place.Item1} {place.Item2}");

    private static string Line(RuntimeConfig runtime)
    {
        var parts = new List<string>
        {
            $"{runtime.Kind,-8} {Address.Root(runtime.Endpoint)} every {DurationText.Format(runtime.Interval)}, limit {DurationText.Format(runtime.Timeout)}",
        };
        if (runtime.Advertise != runtime.Endpoint)
            parts.Add($"requests to {Address.Root(runtime.Advertise)}");
        if (runtime.Gpu.Length > 0)
            parts.Add($"on {runtime.Gpu}");
        if (runtime.PricePerHour is { } price)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{price:0.00##} USD per hour"));
        if (runtime.BearerTokenFile is not null)
            parts.Add("with a bearer token");
        if (runtime.Control)
            parts.Add("its models are loaded and unloaded by the mesh");
        return string.Join(", ", parts) + Tls(runtime.Tls);
    }

    private static string Line(StorageConfig storage) => storage switch
    {
        { File: { } file } => string.Create(CultureInfo.InvariantCulture, $"storage  {file.Name}: file, {file.Bytes} bytes in {file.Folder}, limit {DurationText.Format(file.Timeout)}"),
        { S3: { } s3 } => string.Create(CultureInfo.InvariantCulture, $"storage  {s3.Name}: s3, {s3.Bytes} bytes of {s3.Bucket}/{s3.Key} at {s3.Endpoint.GetLeftPart(UriPartial.Authority)}, ")
            + $"{s3.Keys?.ToString() ?? "anonymous"}, limit {DurationText.Format(s3.Timeout)}{Tls(storage.Tls)}",
        _ => throw new ArgumentException("a storage is a folder or an object", nameof(storage)),
    };

    private static string Tls(ClientTls? tls) =>
        (tls?.Authorities is null ? "" : ", own authorities") + (tls?.Certificate is null ? "" : ", with a client certificate");
}
