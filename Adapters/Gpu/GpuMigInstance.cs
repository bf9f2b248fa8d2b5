namespace InferMesh.Adapters.Gpu;

/// <summary>One MIG device: a hardware slice of a GPU with memory of its own.</summary>
public sealed record GpuMigInstance
{
    /// <summary>UUID of the slice, as a runtime takes it in CUDA_VISIBLE_DEVICES.</summary>
    public string? Uuid { get; init; }

    /// <summary>Profile, for example <c>1g.10gb</c> or <c>1c.3g.40gb</c>.</summary>
    public string? ProfileName { get; init; }

    /// <summary>Memory of the slice in bytes.</summary>
    public long? VramTotalBytes { get; init; }

    /// <summary>Memory in use in the slice, in bytes.</summary>
    public long? VramUsedBytes { get; init; }

    /// <summary>Id of the GPU instance on its GPU.</summary>
    public int? GpuInstanceId { get; init; }

    /// <summary>Id of the compute instance inside the GPU instance.</summary>
    public int? ComputeInstanceId { get; init; }

    /// <summary>Field name to the reason why that field is null.</summary>
    public IReadOnlyDictionary<string, string> Missing { get; init; } = MissingFields.None;
}
