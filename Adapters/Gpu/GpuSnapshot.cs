namespace InferMesh.Adapters.Gpu;

/// <summary>All GPUs of one machine as one source saw them in one read.</summary>
public sealed record GpuSnapshot
{
    /// <summary>Name of the source that took the picture.</summary>
    public required string Source { get; init; }

    /// <summary>One reading per GPU, ordered by <see cref="GpuReading.Index"/>; lost GPUs are included.</summary>
    public required IReadOnlyList<GpuReading> Readings { get; init; }

    /// <summary>Version of the kernel driver, null when the library does not say.</summary>
    public string? DriverVersion { get; init; }

    /// <summary>Version of the vendor library, null when the library does not say.</summary>
    public string? LibraryVersion { get; init; }

    /// <summary>True when the numbers are invented rather than measured.</summary>
    public bool Synthetic { get; init; }
}
