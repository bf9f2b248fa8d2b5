using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Adapters.Storage;

namespace InferMesh.Adapters.Probing;

/// <summary>The GPUs of a node: all of them, as of one moment.</summary>
/// <param name="Gpus">One entry per GPU or slice; empty when none is known.</param>
/// <param name="SampledAt">Timestamp of the probe's clock.</param>
/// <param name="Version">Grows with every reading.</param>
/// <param name="Synthetic">The readings are invented.</param>
public sealed record GpuPart(IReadOnlyList<GpuEntry> Gpus, long SampledAt, long Version, bool Synthetic);

/// <summary>The runtimes of a node: all of them, each as of its own moment.</summary>
/// <param name="Runtimes">One entry per runtime.</param>
/// <param name="SampledAt">Timestamp of the oldest entry by the probe's clock.</param>
/// <param name="Version">Grows with every reading of any runtime.</param>
public sealed record RuntimePart(IReadOnlyList<RuntimeEntry> Runtimes, long SampledAt, long Version);

/// <summary>The storage that a node's agent probes: all of it, each as of its own moment.</summary>
/// <param name="Storages">One entry per storage that has been probed.</param>
/// <param name="Version">Grows with every probe of any storage.</param>
public sealed record StoragePart(IReadOnlyList<StorageEntry> Storages, long Version);

/// <summary>What the last probe of a storage measured.</summary>
/// <param name="Reading">What it measured.</param>
/// <param name="SampledAt">Timestamp of the probe's clock.</param>
public sealed record StorageEntry(StorageReading Reading, long SampledAt);

/// <summary>One batch of readings of one node. Moments are monotonic timestamps, so that an age never depends on a wall clock.</summary>
public sealed record NodeReading
{
    /// <summary>GPUs; null when this batch is not about them.</summary>
    public GpuPart? Gpus { get; init; }

    /// <summary>Runtimes; null when this batch is not about them.</summary>
    public RuntimePart? Runtimes { get; init; }

    /// <summary>Ports of InfiniBand and RoCE devices; null when they are not read or could not be.</summary>
    public InfiniBandSnapshot? Links { get; init; }

    /// <summary>Storage; null when this batch is not about it.</summary>
    public StoragePart? Storage { get; init; }

    /// <summary>Why the GPUs could not be read the last time; null when they could.</summary>
    public string? GpuFailure { get; init; }

    /// <summary>Whether anything in here is invented.</summary>
    public bool Synthetic => Gpus is { Synthetic: true } || (Runtimes?.Runtimes.Any(runtime => runtime.Synthetic) ?? false);

    /// <summary>Whether the batch says anything at all.</summary>
    public bool IsEmpty => Gpus is null && Runtimes is null;

    /// <summary>Age of the oldest part.</summary>
    /// <param name="time">The clock that the probe was given.</param>
    /// <returns>The age; zero for an empty batch.</returns>
    public TimeSpan Age(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        if (IsEmpty)
            return TimeSpan.Zero;
        var oldest = Math.Min(Gpus?.SampledAt ?? long.MaxValue, Runtimes?.SampledAt ?? long.MaxValue);
        var age = time.GetElapsedTime(oldest);
        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
    }

    /// <summary>
    /// The parts that are newer than those of an earlier batch, so that a source that hangs does not make the others look old.
    /// When nothing is newer the whole batch, whose age goes on growing: silence is not news.
    /// </summary>
    /// <param name="earlier">What was sent before; null when nothing was.</param>
    public NodeReading Since(NodeReading? earlier)
    {
        var gpus = Gpus is { } g && g.Version > (earlier?.Gpus?.Version ?? -1) ? g : null;
        var runtimes = Runtimes is { } r && r.Version > (earlier?.Runtimes?.Version ?? -1) ? r : null;
        var storage = Storage is { } s && s.Version > (earlier?.Storage?.Version ?? -1) ? s : null;
        return (gpus is null && runtimes is null ? this : this with { Gpus = gpus, Runtimes = runtimes }) with { Storage = storage };
    }
}
