namespace InferMesh.Adapters.Gpu;

/// <summary>Outcome of <see cref="IGpuSource.Read"/>: either <see cref="Available"/> or <see cref="Unavailable"/>.</summary>
public abstract record GpuSourceResult
{
    private GpuSourceResult()
    {
    }

    /// <summary>The source answered; single GPUs or fields may still be missing inside.</summary>
    /// <param name="Snapshot">The picture that was taken.</param>
    public sealed record Available(GpuSnapshot Snapshot) : GpuSourceResult;

    /// <summary>The source could not answer at all.</summary>
    /// <param name="Kind">Kind of failure, for code to branch on.</param>
    /// <param name="Reason">One sentence for a human, with the library's own code where there is one.</param>
    public sealed record Unavailable(GpuSourceFailure Kind, string Reason) : GpuSourceResult;
}
