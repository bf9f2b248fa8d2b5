using System.Data.Common;
using InferMesh.ServiceDefaults.Hosting;

namespace InferMesh.Silo.Storage.Migrations;

/// <summary>
/// Brings a schema to the newest version, forward only. All that is missing is applied in one transaction, which the caller has begun under a lock that lets one silo at a time in: a script that
/// fails leaves the schema as it was. What was applied is written down, so that a schema that this silo does not know is refused, and not guessed at.
/// </summary>
internal sealed class Migrator(IReadOnlyList<Migration> migrations, string database)
{
    // The same on both databases.
    private const string Table = """
        create table if not exists schema_migration (
          version    integer not null primary key,
          name       text    not null,
          checksum   text    not null,
          applied_at text    not null
        )
        """;

    /// <returns>The version that the schema has now.</returns>
    /// <exception cref="StartupException">The schema is newer than this silo, or not what it should be, or a script fails.</exception>
    public async Task<int> ApplyAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        await ExecuteAsync(transaction, Table, cancellationToken);
        var applied = await ReadAsync(transaction, cancellationToken);
        Check(applied);
        foreach (var migration in migrations.Skip(applied.Count)) await ApplyAsync(transaction, migration, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return migrations.Count;
    }

    private async Task ApplyAsync(DbTransaction transaction, Migration migration, CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync(transaction, migration.Sql, cancellationToken);
            await ExecuteAsync(
                transaction, "insert into schema_migration (version, name, checksum, applied_at) values (@version, @name, @checksum, cast(current_timestamp as text))", cancellationToken,
                ("version", migration.Version), ("name", migration.Name), ("checksum", migration.Checksum));
        }
        catch (DbException e) when (!SchemaInstaller.IsWorthWaiting(e))
        {
            throw Refuse($"migration {migration.Version} ({migration.Name}) failed, and nothing of it was kept: {e.Message}", ExitCodes.Failed);
        }
    }

    private void Check(IReadOnlyList<(int Version, string Name, string Checksum)> applied)
    {
        if (applied is [.., var last] && last.Version > migrations.Count)
            throw Refuse($"its schema has version {last.Version} ({last.Name}), and this silo knows versions up to {migrations.Count}. Start a silo that is as new as the one that made it.");
        foreach (var (i, (version, name, checksum)) in applied.Index())
        {
            if (version != i + 1) throw Refuse($"migration {i + 1} is missing from schema_migration, though {version} ({name}) is there. Restore the database from a backup.");
            if (checksum != migrations[i].Checksum)
                throw Refuse($"migration {version} ({name}) was applied from a script with another content (checksum {checksum}, here {migrations[i].Checksum}). Start a silo of the release that made it.");
        }
    }

    private static async Task<IReadOnlyList<(int Version, string Name, string Checksum)>> ReadAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = Command(transaction, "select version, name, checksum from schema_migration order by version");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var applied = new List<(int, string, string)>();
        while (await reader.ReadAsync(cancellationToken)) applied.Add((reader.GetInt32(0), reader.GetString(1), reader.GetString(2)));
        return applied;
    }

    private static async Task ExecuteAsync(DbTransaction transaction, string sql, CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        await using var command = Command(transaction, sql);
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static DbCommand Command(DbTransaction transaction, string sql)
    {
        var command = transaction.Connection!.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, transaction);
        return command;
    }

    private StartupException Refuse(string why, int exitCode = ExitCodes.BadConfiguration) => new($"Storage cannot be used: {database}: {why}", exitCode);
}
