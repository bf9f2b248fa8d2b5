using InferMesh.Silo.Storage.Migrations;
using Microsoft.Data.Sqlite;

namespace InferMesh.Silo.Storage.Sqlite;

/// <summary>The SQLite file; several processes may have it open.</summary>
internal sealed class SqliteDatabase : IMeshDatabase
{
    private static readonly TimeSpan s_busyTimeout = TimeSpan.FromSeconds(15);

    private readonly IReadOnlyList<Migration> _migrations;

    /// <param name="path">The file.</param>
    /// <param name="migrations">Scripts of the schema; those of the silo when null.</param>
    public SqliteDatabase(string path, IReadOnlyList<Migration>? migrations = null)
    {
        _migrations = migrations ?? Migration.Embedded("sqlite");
        Path = System.IO.Path.GetFullPath(path);
        ConnectionString = new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Pooling = true,
            DefaultTimeout = (int)s_busyTimeout.TotalSeconds,
        }.ToString();
    }

    public string Path { get; }

    public string ConnectionString { get; }

    public string Description => $"SQLite {Path}";

    /// <summary>Opens a connection that waits for the lock of another process instead of failing at once.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(ConnectionString);
        try
        {
            connection.Open();
            // synchronous is a property of the connection, not of the file: full = a commit that returned is on the disk.
            Execute(connection, $"pragma busy_timeout = {(int)s_busyTimeout.TotalMilliseconds}; pragma synchronous = full;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public async Task<int> ApplySchemaAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        using var connection = Open();
        // WAL lets readers go on while a writer commits. The mode stays in the file.
        Execute(connection, "pragma journal_mode = wal;");
        // "begin immediate": silos that start at once come one after another.
        using var transaction = connection.BeginTransaction(deferred: false);
        return await new Migrator(_migrations, Description).ApplyAsync(transaction, cancellationToken);
    }

    public Task ProbeAsync(CancellationToken cancellationToken)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select value from grain_version where id = 1";
        return command.ExecuteScalar() is long
            ? Task.CompletedTask
            : throw new InvalidDataException($"{Path} has lost its version counter.");
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
