namespace InferMesh.Silo.Storage;

/// <summary>The database behind grain state and reminders.</summary>
internal interface IMeshDatabase
{
    /// <summary>What and where, without secrets, for logs and health.</summary>
    string Description { get; }

    /// <summary>Brings the schema to the newest version that this silo knows; safe to call again and from several silos at once.</summary>
    /// <returns>The version.</returns>
    /// <exception cref="InferMesh.ServiceDefaults.Hosting.StartupException">The schema is not one that this silo may use.</exception>
    Task<int> ApplySchemaAsync(CancellationToken cancellationToken);

    /// <summary>Asks the database for an answer.</summary>
    Task ProbeAsync(CancellationToken cancellationToken);
}
