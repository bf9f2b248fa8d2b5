namespace InferMesh.AppHost.Topology;

/// <summary>What a silo is told about the place of grain state.</summary>
internal sealed record GrainStorage
{
    private GrainStorage(string provider, string? sqlitePath, string? connectionString) =>
        (Provider, SqlitePath, ConnectionString) = (provider, sqlitePath, connectionString);

    public string Provider { get; }

    public string? SqlitePath { get; }

    public string? ConnectionString { get; }

    public static GrainStorage Sqlite(string path) => new("sqlite", path, null);

    public static GrainStorage Postgres(string connectionString) => new("postgres", null, connectionString);

    public override string ToString() => Provider;
}
