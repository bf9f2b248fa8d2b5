namespace InferMesh.Adapters.Comm.InfiniBand;

/// <summary>Where the kernel shows its RDMA devices.</summary>
public sealed record InfiniBandOptions
{
    /// <summary>Root of sysfs. Default <c>/sys</c>; a container may have it elsewhere.</summary>
    public string Root { get; init; } = "/sys";

    /// <summary>Ports that are read; what is beyond is counted, not read. Default 256, above 0.</summary>
    public int MaxPorts { get; init; } = 256;
}
