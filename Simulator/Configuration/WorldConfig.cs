using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration;

/// <summary>What serves.</summary>
public sealed record TopologyConfig
{
    /// <summary>Cells, 1 or more.</summary>
    [In("[1, 65536]")]
    public int Cells { get; init; } = 1;

    /// <summary>Nodes of each cell, 1 or more.</summary>
    [In("[1, 4194304]")]
    public int NodesPerCell { get; init; } = 16;

    /// <summary>GPU types, mixed by share; at least one.</summary>
    public IReadOnlyList<GpuProfileConfig> GpuProfiles { get; init; } = [new() { Name = "H100-80G" }];

    /// <summary>Multi-Instance GPU.</summary>
    public MigConfig Mig { get; init; } = new();

    /// <summary>Share of nodes on which the model is not resident at the start, 0 to 1.</summary>
    [In("[0, 1]")]
    public double ColdShare { get; init; }

    /// <summary>Seconds to load the model where it is not resident.</summary>
    [In("[0, 1e6]")]
    public double ColdStartS { get; init; } = 30;
}

/// <summary>One GPU type.</summary>
public sealed record GpuProfileConfig
{
    /// <summary>Name, such as <c>H100-80G</c>; continuous batching takes the calibrated profile of that name.</summary>
    public required string Name { get; init; }

    /// <summary>Weight among the types, more than 0.</summary>
    [In("(0, 1e9]")]
    public double Share { get; init; } = 1;

    /// <summary>Tokens per second, prompt and output alike (token_rate); null takes the catalogue's.</summary>
    [In("(0, 1e12]")]
    public double? TokensPerS { get; init; }

    /// <summary>Batches at the same time (token_rate); null takes the catalogue's.</summary>
    [In("[1, 1e6]")]
    public int? Concurrency { get; init; }

    /// <summary>Device memory of one GPU in GB; null takes the catalogue's.</summary>
    [In("(0, 1e4]")]
    public double? VramTotalGb { get; init; }

    /// <summary>Milliseconds that a batch waits for more requests (token_rate).</summary>
    [In("[0, 1e6]")]
    public double BatchWindowMs { get; init; } = 8;

    /// <summary>GB of KV cache per request (token_rate).</summary>
    [In("(0, 1e5]")]
    public double KvCacheGbPerReq { get; init; } = 1;

    /// <summary>US dollars per GPU hour; null takes the catalogue's.</summary>
    [In("[0, 1e6]")]
    public double? PricePerHour { get; init; }
}

/// <summary>Multi-Instance GPU: a share of the nodes is cut into slices, each a target of its own.</summary>
public sealed record MigConfig
{
    /// <summary>Whether there are slices.</summary>
    public bool Enable { get; init; }

    /// <summary>Share of nodes that are cut, 0 to 1.</summary>
    [In("[0, 1]")]
    public double Share { get; init; } = 0.5;

    /// <summary>Slices that a cut node has.</summary>
    public IReadOnlyList<MigProfileConfig> Profiles { get; init; } = [];
}

/// <summary>One kind of slice.</summary>
/// <param name="Name">Profile, such as <c>1g.10gb</c>.</param>
/// <param name="Fraction">Share of the GPU, more than 0 to 1.</param>
/// <param name="TokensPerS">Tokens per second (token_rate); null is the fraction of the GPU's.</param>
/// <param name="Concurrency">Batches at the same time (token_rate); null is the fraction of the GPU's, at least 1.</param>
public sealed record MigProfileConfig(
    string Name,
    [property: In("(0, 1]")] double Fraction,
    [property: In("(0, 1e12]")] double? TokensPerS = null,
    [property: In("[1, 1e6]")] int? Concurrency = null);

/// <summary>How far apart things are.</summary>
public sealed record NetworkConfig
{
    /// <summary>Round trip within a cell in milliseconds.</summary>
    public DistConfig IntraCellRttMs { get; init; } = new() { Dist = DistKind.Constant, Value = 0.5 };

    /// <summary>Coordinates of the cells.</summary>
    public CellCoordinatesConfig InterCellCoords { get; init; } = new();

    /// <summary>Bandwidths.</summary>
    public BandwidthConfig BwMbps { get; init; } = new();

    /// <summary>CSV file with a matrix of round trips between cells in milliseconds; replaces the coordinates.</summary>
    public string? RttMatrixFile { get; init; }
}

/// <summary>Coordinates of the cells: round trip = base + 0.1 x distance, times 1 plus or minus noise; each axis uniform over -100..100.</summary>
/// <param name="Dim">Dimensions, 1 to 8.</param>
/// <param name="BaseRttMs">Least round trip between cells in milliseconds.</param>
/// <param name="Noise">Share by which a round trip varies, 0 to 1.</param>
public sealed record CellCoordinatesConfig(
    [property: In("[1, 8]")] int Dim = 3, [property: In("[0, 1e5]")] double BaseRttMs = 20, [property: In("[0, 1]")] double Noise = 0.1);

/// <summary>Bandwidths in megabits per second.</summary>
/// <param name="IntraCell">Within a cell.</param>
/// <param name="InterRegion">Between cells.</param>
public sealed record BandwidthConfig([property: In("(0, 1e9]")] double IntraCell = 100_000, [property: In("(0, 1e9]")] double InterRegion = 5_000);

/// <summary>How old the routers' view is. Every node reports with a period drawn once from its range; the report travels for a time drawn each time.</summary>
public sealed record SignalsConfig
{
    /// <summary>Period of queue depths in milliseconds.</summary>
    public RangeMs QueueDepthMs { get; init; } = new(50, 100);

    /// <summary>Period of VRAM figures in milliseconds.</summary>
    public RangeMs VramMs { get; init; } = new(200, 500);

    /// <summary>Period of latency quantiles in milliseconds: a key of the original, without effect, because no strategy reads them.</summary>
    public RangeMs P95Ms { get; init; } = new(200, 500);

    /// <summary>Travel of a report.</summary>
    public TransportConfig TransportMs { get; init; } = new();

    /// <summary>Share of reports that never arrive, 0 to below 1.</summary>
    [In("[0, 1)")]
    public double Loss { get; init; }
}

/// <summary>A range in milliseconds, drawn uniformly.</summary>
/// <param name="Min">Least, 0 or more.</param>
/// <param name="Max">Greatest, not below the least.</param>
[ShortForm("min", "max")]
public readonly record struct RangeMs([property: In("[0, 1e7]")] double Min, [property: In("[0, 1e7]")] double Max);

/// <summary>Travel of a report in milliseconds.</summary>
public sealed record TransportConfig
{
    /// <summary>Within the router's cell.</summary>
    public RangeMs IntraCell { get; init; } = new(5, 50);

    /// <summary>From another cell.</summary>
    public RangeMs InterCell { get; init; } = new(50, 300);
}
