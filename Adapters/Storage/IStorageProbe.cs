namespace InferMesh.Adapters.Storage;

/// <summary>Measures one place where weights, checkpoints or data are kept, by using it a little.</summary>
public interface IStorageProbe
{
    /// <summary>Name that its operator gave it.</summary>
    string Name { get; }

    /// <summary>Measures once. Whatever the storage does, this ends with a reading, about as late as the probe's timeout.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    ValueTask<StorageReading> ReadAsync(CancellationToken cancellationToken);
}
