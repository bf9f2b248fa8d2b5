using InferMesh.Adapters.Probing;

namespace InferMesh.Cli.Agent.Config;

/// <summary>What the agent of one machine does, as its file says.</summary>
internal sealed record AgentConfig
{
    public required NodeConfig Node { get; init; }

    /// <summary>Addresses of the API, in order of preference.</summary>
    public required IReadOnlyList<Uri> Targets { get; init; }

    /// <summary>Time between reports.</summary>
    public required TimeSpan Interval { get; init; }

    public required GpuConfig Gpu { get; init; }

    public IReadOnlyList<RuntimeConfig> Runtimes { get; init; } = [];
}

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
    Synthetic,
}

/// <summary>Where GPU readings come from.</summary>
internal sealed record GpuConfig
{
    public GpuSourceKind Source { get; init; }

    /// <summary>NVML library file; null searches where drivers install it.</summary>
    public string? LibraryPath { get; init; }

    public string SyntheticType { get; init; } = "H100-80G";

    public int SyntheticCount { get; init; } = 1;

    public int SyntheticSeed { get; init; } = 1;
}

/// <summary>One runtime.</summary>
internal sealed record RuntimeConfig
{
    public const string Vllm = "vllm";

    public required string Kind { get; init; }

    /// <summary>Where the agent reads.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Where routers send requests.</summary>
    public required Uri Advertise { get; init; }

    public string Gpu { get; init; } = "";

    public double? PricePerHour { get; init; }

    public required TimeSpan Interval { get; init; }

    public required TimeSpan Timeout { get; init; }

    public string? BearerTokenFile { get; init; }

    public RuntimeCapacity Capacity { get; init; } = RuntimeCapacity.Unknown;
}
