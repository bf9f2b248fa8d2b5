namespace InferMesh.Adapters.Gpu.Rocm;

/// <summary>How AMD's tools are run.</summary>
public sealed record RocmGpuOptions
{
    /// <summary>
    /// The tool's file: amd-smi where its name starts so, else rocm-smi. Null searches PATH and where ROCm installs them, and takes rocm-smi when
    /// amd-smi is absent or fails.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>Limit of one run; a read can take two. Default 2 s; above zero.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Most bytes that are read of the output. Default 8 MiB, where a GPU takes about 32 KiB; above zero.</summary>
    public int MaxOutputBytes { get; init; } = 8 << 20;
}
