using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Storage;
using InferMesh.Adapters.Storage.S3;
using InferMesh.Adapters.Tls;

namespace InferMesh.Cli.Agent.Config;

/// <summary>What the agent of one machine does, as its file says.</summary>
internal sealed record AgentConfig
{
    public required NodeConfig Node { get; init; }

    /// <summary>Addresses of the API, in order of preference.</summary>
    public required IReadOnlyList<Uri> Targets { get; init; }

    /// <summary>Certificates for the API, watched; null trusts what this machine trusts and shows none.</summary>
    public ClientTlsFiles? Tls { get; init; }

    /// <summary>Time between reports.</summary>
    public required TimeSpan Interval { get; init; }

    public required GpuConfig Gpu { get; init; }

    public IReadOnlyList<RuntimeConfig> Runtimes { get; init; } = [];

    /// <summary>Whether the ports of InfiniBand and RoCE devices are read.</summary>
    public bool InfiniBand { get; init; }

    public IReadOnlyList<StorageConfig> Storage { get; init; } = [];

    /// <summary>Time between probes of a storage.</summary>
    public TimeSpan StorageInterval { get; init; } = TimeSpan.FromMinutes(1);

    public TrainingConfig Training { get; init; } = new();

    /// <summary>Where the agent shows its metrics; null for nowhere.</summary>
    public System.Net.IPEndPoint? Metrics { get; init; }

    /// <summary>Key or token with which it signs in; null for none.</summary>
    public Credential? Credential { get; init; }
}

/// <summary>One storage: a folder or an object, whichever is there.</summary>
/// <param name="File">Folder; null for an object.</param>
/// <param name="S3">Object; null for a folder.</param>
/// <param name="Tls">Certificates for the service; null trusts what this machine trusts.</param>
internal sealed record StorageConfig(FileStorageOptions? File, S3StorageOptions? S3, ClientTls? Tls);

/// <summary>What the node is.</summary>
internal sealed record NodeConfig
{
    public required string Id { get; init; }

    public required string Cell { get; init; }

    public string Zone { get; init; } = "";

    public string Region { get; init; } = "";

    public string FailureDomain { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<string> Roles { get; init; } = ["gpu"];
}

internal enum GpuSourceKind
{
    None,
    Nvml,
    Dcgm,
    NvidiaSmi,
    Rocm,
    Synthetic,

    /// <summary>Whatever answers on this machine: NVML, then nvidia-smi, then AMD's tools.</summary>
    Auto,
}

/// <summary>Where GPU readings come from.</summary>
internal sealed record GpuConfig
{
    public GpuSourceKind Source { get; init; }

    /// <summary>NVML library file; null searches where drivers install it.</summary>
    public string? LibraryPath { get; init; }

    /// <summary>The tool's file, for nvidia-smi and rocm; null searches.</summary>
    public string? ToolPath { get; init; }

    /// <summary>Page of the dcgm-exporter.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Limit of one answer of an exporter or tool; null takes the source's own.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>File with the token for the dcgm-exporter.</summary>
    public string? BearerTokenFile { get; init; }

    /// <summary>Certificates for the dcgm-exporter; null trusts what this machine trusts.</summary>
    public ClientTls? Tls { get; init; }

    public string SyntheticType { get; init; } = "H100-80G";

    public int SyntheticCount { get; init; } = 1;

    public int SyntheticSeed { get; init; } = 1;
}

/// <summary>One runtime.</summary>
internal sealed record RuntimeConfig
{
    /// <summary>One of the kinds that there are adapters for.</summary>
    public required string Kind { get; init; }

    /// <summary>Where the agent reads.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Root below which its metrics are; null where its kind has them.</summary>
    public Uri? MetricsEndpoint { get; init; }

    /// <summary>Root of its management API; null where its kind has it.</summary>
    public Uri? ManagementEndpoint { get; init; }

    /// <summary>Names of its models, for a kind that has no list of them.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Where routers send requests.</summary>
    public required Uri Advertise { get; init; }

    public string Gpu { get; init; } = "";

    public double? PricePerHour { get; init; }

    public required TimeSpan Interval { get; init; }

    public required TimeSpan Timeout { get; init; }

    public string? BearerTokenFile { get; init; }

    /// <summary>Certificates for its addresses; null trusts what this machine trusts.</summary>
    public ClientTls? Tls { get; init; }

    public RuntimeCapacity Capacity { get; init; } = RuntimeCapacity.Unknown;

    /// <summary>Whether the mesh may load and unload its models.</summary>
    public bool Control { get; init; }
}
