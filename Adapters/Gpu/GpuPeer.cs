namespace InferMesh.Adapters.Gpu;

/// <summary>The nearest thing that two GPUs of a machine share, nearest first; the numbers are NVML's.</summary>
public enum GpuTopologyLevel
{
    /// <summary>They are on one board.</summary>
    SameBoard = 0,

    /// <summary>One PCIe switch.</summary>
    PcieSwitch = 10,

    /// <summary>Several PCIe switches, without the host bridge.</summary>
    PcieSwitches = 20,

    /// <summary>A PCIe host bridge.</summary>
    HostBridge = 30,

    /// <summary>A NUMA node.</summary>
    NumaNode = 40,

    /// <summary>The machine: the way crosses NUMA nodes.</summary>
    Machine = 50,
}

/// <summary>Another GPU of the machine, and the way to it.</summary>
public sealed record GpuPeer
{
    /// <summary>PCI address of the other GPU.</summary>
    public required string PciBusId { get; init; }

    /// <summary>UUID of the other GPU; null when it could not be read.</summary>
    public string? Uuid { get; init; }

    /// <summary>What the two share over PCIe.</summary>
    public required GpuTopologyLevel Level { get; init; }

    /// <summary>NVLink links that lead straight to it; null when that is unknown.</summary>
    public int? NvLinks { get; init; }
}
