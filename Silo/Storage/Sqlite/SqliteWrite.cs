namespace InferMesh.Silo.Storage.Sqlite;

/// <summary>The row of one state of one grain.</summary>
internal readonly record struct StateKey(string ServiceId, string StateName, string GrainId);

/// <summary>What a write came to.</summary>
/// <param name="Applied">False when the row was not at the expected version.</param>
/// <param name="Version">The row's version now; null when there is no row.</param>
internal readonly record struct WriteResult(bool Applied, long? Version);

/// <summary>One compare-and-set waiting for the writer.</summary>
/// <param name="Key">The row.</param>
/// <param name="Payload">The new content; null deletes the row.</param>
/// <param name="Expected">The version the caller has read; null means "no row yet".</param>
internal sealed record SqliteWrite(StateKey Key, byte[]? Payload, long? Expected)
{
    /// <summary>Completed when the write is on the disk, or refused. Continuations must not run on the writer's thread.</summary>
    public TaskCompletionSource<WriteResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
