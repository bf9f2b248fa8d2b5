using InferMesh.Silo.Storage.Migrations;
using Npgsql;

namespace InferMesh.Silo.Storage.Postgres;

/// <summary>The PostgreSQL database: one pool for everything, our schema in its own namespace.</summary>
internal sealed class PostgresDatabase : IMeshDatabase, IAsyncDisposable
{
    public const string DefaultSchema = "orleans";

    // Any number will do, as long as every version of the silo uses the same one.
    private const long SchemaLockId = 0x1F_E25_3E5_4;

    private readonly string _schema;
    private readonly IReadOnlyList<Migration> _migrations;

    /// <param name="connectionString">Where it is.</param>
    /// <param name="migrations">Scripts of the schema; those of the silo when null.</param>
    public PostgresDatabase(string connectionString, IReadOnlyList<Migration>? migrations = null)
    {
        _migrations = migrations ?? Migration.Embedded("postgres");
        var connection = new NpgsqlConnectionStringBuilder(connectionString);
        if (string.IsNullOrWhiteSpace(connection.SearchPath))
            connection.SearchPath = DefaultSchema;
        connection.ApplicationName ??= "infermesh-silo";
        _schema = connection.SearchPath.Split(',')[0].Trim().Trim('"');
        Description = $"PostgreSQL {connection.Host}:{connection.Port}/{connection.Database ?? connection.Username}, schema {_schema}";
        Source = NpgsqlDataSource.Create(connection);
    }

    public NpgsqlDataSource Source { get; }

    public string Description { get; }

    public async Task<int> ApplySchemaAsync(CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;

        // "if not exists" alone does not survive two silos that start at once: both may see nothing and both create.
        command.CommandText = $"select pg_advisory_xact_lock({SchemaLockId})";
        await command.ExecuteNonQueryAsync(cancellationToken);

        var quoted = new NpgsqlCommandBuilder().QuoteIdentifier(_schema);
        command.CommandText = $"create schema if not exists {quoted}; set local search_path to {quoted};";
        await command.ExecuteNonQueryAsync(cancellationToken);
        return await new Migrator(_migrations, Description).ApplyAsync(transaction, cancellationToken);
    }

    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        await using var command = Source.CreateCommand("select 1");
        await command.ExecuteScalarAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
