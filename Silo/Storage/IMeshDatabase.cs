namespace InferMesh.Silo.Storage;

/// <summary>The database behind grain state and reminders.</summary>
internal interface IMeshDatabase
{
    /// <summary>What and where, without secrets, for logs and health.</summary>
    string Description { get; }

    /// <summary>Creates or completes the schema; safe to call again and from several silos at once.</summary>
    Task ApplySchemaAsync(CancellationToken cancellationToken);

    /// <summary>Asks the database for an answer.</summary>
    Task ProbeAsync(CancellationToken cancellationToken);
}
