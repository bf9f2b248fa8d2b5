namespace InferMesh.Adapters.Gpu.NvidiaSmi;

/// <summary>How nvidia-smi is run.</summary>
public sealed record NvidiaSmiOptions
{
    /// <summary>The tool's file; null searches PATH and where drivers install it.</summary>
    public string? Path { get; init; }

    /// <summary>Limit of one run. Default 4 s: without persistence mode the driver starts anew for each run; above zero.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Most bytes that are read of its output. Default 8 MiB, where a GPU takes about 64 KiB; above zero.</summary>
    public int MaxOutputBytes { get; init; } = 8 << 20;
}
