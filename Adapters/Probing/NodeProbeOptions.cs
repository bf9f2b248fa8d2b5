using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Storage;

namespace InferMesh.Adapters.Probing;

/// <summary>What one machine is probed for.</summary>
public sealed record NodeProbeOptions
{
    /// <summary>Where GPU readings come from; null when the machine has none to report. Owned by the probe that is made from this.</summary>
    public IGpuSource? Gpu { get; init; }

    /// <summary>Time between reads of the GPUs. Default 1 s; above zero.</summary>
    public TimeSpan GpuInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>When a read of the GPUs counts as failed. Default 5 s; above zero.</summary>
    public TimeSpan GpuTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the last good GPU readings stand while the source fails; after that no GPU is known. Default 10 s.</summary>
    public TimeSpan GpuExpiry { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Ports of InfiniBand and RoCE devices; null when they are not read. As often as the GPUs.</summary>
    public InfiniBandSource? InfiniBand { get; init; }

    /// <summary>Storage that is probed by using it a little.</summary>
    public IReadOnlyList<IStorageProbe> Storage { get; init; } = [];

    /// <summary>Time between probes of a storage. Default 1 min; above zero.</summary>
    public TimeSpan StorageInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Every runtime of the machine.</summary>
    public IReadOnlyList<RuntimeTarget> Runtimes { get; init; } = [];
}
