namespace InferMesh.Api.Grpc.State;

/// <summary>What one report may hold.</summary>
internal static class ReportLimits
{
    /// <summary>GPUs, runtimes, and models over all runtimes, each.</summary>
    public const int MaxEntries = 1024;

    /// <summary>Oldest reading, milliseconds.</summary>
    public const double MaxAgeMs = 3_600_000;

    /// <summary>Most memory of one GPU, GiB: far above what exists, far below an overflow.</summary>
    public const double MaxVramGib = 1 << 20;

    /// <summary>Oldest measurement of a storage, milliseconds.</summary>
    public const double MaxStorageAgeMs = 86_400_000;

    /// <summary>Dimensions of a coordinate.</summary>
    public const int MaxDimensions = 16;

    /// <summary>APIs that a node measures.</summary>
    public const int MaxRtts = 16;

    /// <summary>Ports of a node.</summary>
    public const int MaxLinks = 256;

    /// <summary>Storages of a node.</summary>
    public const int MaxStorages = 64;

    /// <summary>Longest text.</summary>
    public const int MaxText = 512;

    /// <summary>Nodes that one call may report: agents of simulated fleets send many over one connection.</summary>
    public const int MaxNodesPerCall = 4096;
}
