namespace InferMesh.Adapters.Runtimes;

/// <summary>Reads one serving runtime over its own interfaces.</summary>
/// <remarks>Implementations are thread-safe. Windows run from one read to the next, so one probe belongs to one reader.</remarks>
public interface IRuntimeProbe
{
    /// <summary>Takes one reading. A runtime that is down, slow or garbled is a reading too: this does not throw for it.</summary>
    /// <param name="cancellationToken">Gives up early.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    ValueTask<RuntimeReading> ReadAsync(CancellationToken cancellationToken);
}
