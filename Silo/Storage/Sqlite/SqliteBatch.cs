using Microsoft.Data.Sqlite;

namespace InferMesh.Silo.Storage.Sqlite;

/// <summary>The writer's connection with its prepared commands; applies a batch of compare-and-sets in one transaction.</summary>
internal sealed class SqliteBatch : IDisposable
{
    private const string Row = "service_id = $service and state_name = $state and grain_id = $grain";

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _take;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _version;

    public SqliteBatch(SqliteDatabase database)
    {
        _connection = database.Open();
        _take = Command("update grain_version set value = value + $count where id = 1 returning value");
        _insert = Command("insert into grain_state (service_id, state_name, grain_id, payload, version) values ($service, $state, $grain, $payload, $next) on conflict do nothing returning version");
        _update = Command($"update grain_state set payload = $payload, version = $next, modified_at = current_timestamp where {Row} and version = $expected returning version");
        _delete = Command($"delete from grain_state where {Row} and version = $expected returning version");
        _version = Command($"select version from grain_state where {Row}");
    }

    /// <summary>Applies all writes or none; the results are valid once this returns.</summary>
    public WriteResult[] Apply(IReadOnlyList<SqliteWrite> writes)
    {
        // "begin immediate": the lock is taken before the versions are compared, so that another process cannot write in between.
        using var transaction = _connection.BeginTransaction(deferred: false);
        var next = Take(writes.Count, transaction) - writes.Count;
        var results = new WriteResult[writes.Count];
        for (var i = 0; i < writes.Count; i++)
            results[i] = Apply(writes[i], ++next, transaction);
        transaction.Commit();
        return results;
    }

    public void Dispose()
    {
        foreach (var command in new[] { _take, _insert, _update, _delete, _version })
            command.Dispose();
        _connection.Dispose();
    }

    private long Take(int count, SqliteTransaction transaction)
    {
        _take.Transaction = transaction;
        _take.Parameters["$count"].Value = count;
        return _take.ExecuteScalar() is long value ? value : throw new InvalidDataException("The version counter is missing.");
    }

    private WriteResult Apply(SqliteWrite write, long next, SqliteTransaction transaction)
    {
        var command = write.Payload is null ? _delete : write.Expected is null ? _insert : _update;
        Bind(command, write, next, transaction);
        if (command.ExecuteScalar() is long)
            return new WriteResult(true, write.Payload is null ? null : next);
        Bind(_version, write, next, transaction);
        return new WriteResult(false, _version.ExecuteScalar() as long?);
    }

    private static void Bind(SqliteCommand command, SqliteWrite write, long next, SqliteTransaction transaction)
    {
        command.Transaction = transaction;
        foreach (SqliteParameter parameter in command.Parameters)
        {
            parameter.Value = parameter.ParameterName switch
            {
                "$service" => write.Key.ServiceId,
                "$state" => write.Key.StateName,
                "$grain" => write.Key.GrainId,
                "$payload" => write.Payload,
                "$expected" => write.Expected ?? (object)DBNull.Value,
                _ => next,
            };
        }
    }

    private SqliteCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in new[] { "$service", "$state", "$grain", "$payload", "$expected", "$next", "$count" })
        {
            if (sql.Contains(name, StringComparison.Ordinal))
                command.Parameters.Add(new SqliteParameter(name, name switch { "$payload" => SqliteType.Blob, "$expected" or "$next" or "$count" => SqliteType.Integer, _ => SqliteType.Text }));
        }

        return command;
    }
}
