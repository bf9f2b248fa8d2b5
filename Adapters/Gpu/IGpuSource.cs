namespace InferMesh.Adapters.Gpu;

/// <summary>Where GPU readings come from: a native library, an exporter's page, or a labelled invention.</summary>
/// <remarks>Implementations are thread-safe. A source outlives its failures: a later <see cref="Read"/> may succeed.</remarks>
public interface IGpuSource : IDisposable
{
    /// <summary>Short stable name of the source, for example <c>nvml</c>.</summary>
    string Name { get; }

    /// <summary>Takes one picture of all GPUs that the source sees.</summary>
    /// <returns>The snapshot, or the kind of failure and a reason that a human can act on. Expected failures never throw.</returns>
    /// <exception cref="ObjectDisposedException">The source has been disposed.</exception>
    GpuSourceResult Read();
}
