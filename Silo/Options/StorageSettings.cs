using System.ComponentModel.DataAnnotations;
using InferMesh.ServiceDefaults.Options;

namespace InferMesh.Silo.Options;

/// <summary>What keeps grain state and reminders.</summary>
internal enum StorageProvider
{
    /// <summary>A file on this machine; several silos of one machine may share it.</summary>
    Sqlite,

    /// <summary>PostgreSQL, for clusters of several machines.</summary>
    Postgres,
}

/// <summary>Section <c>InferMesh:Storage</c>: where durable state lives.</summary>
internal sealed class StorageSettings
{
    public const string Section = "InferMesh:Storage";

    /// <summary>Sqlite (default) or Postgres. <c>ConnectionStrings:meshdb</c> alone also selects Postgres.</summary>
    public StorageProvider Provider { get; set; } = StorageProvider.Sqlite;

    /// <summary>The SQLite file; a relative path is under the working directory, missing folders are made. Default <c>.infermesh/infermesh.db</c>.</summary>
    [Required]
    public string SqlitePath { get; set; } = ".infermesh/infermesh.db";

    /// <summary>The PostgreSQL connection string; default is <c>ConnectionStrings:meshdb</c>. Without a <c>Search Path</c> the schema is <c>orleans</c>.</summary>
    [SecretSetting]
    public string? ConnectionString { get; set; }

    /// <summary>Most SQLite writes that share one commit to disk, 1 to 10000. Default 256.</summary>
    [Range(1, 10_000)]
    public int MaxBatch { get; set; } = 256;

    /// <summary>How long a starting silo waits for its database to answer. Default 30 s, 0 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
