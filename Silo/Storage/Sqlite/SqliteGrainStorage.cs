using System.Globalization;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace InferMesh.Silo.Storage.Sqlite;

/// <summary>
/// Durable grain state in one file: a write has reached the disk when it returns, and it applies only if the row is still at the
/// version that the grain has read.
/// </summary>
internal sealed class SqliteGrainStorage(
    SqliteDatabase database, int maxBatch, StorageMetrics metrics, IGrainStorageSerializer serializer, IActivatorProvider activators, IOptions<ClusterOptions> cluster)
    : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private SqliteWriter? _writer;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        using var connection = database.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select payload, version from grain_state where service_id = $service and state_name = $state and grain_id = $grain";
        var key = Key(stateName, grainId);
        command.Parameters.AddWithValue("$service", key.ServiceId);
        command.Parameters.AddWithValue("$state", key.StateName);
        command.Parameters.AddWithValue("$grain", key.GrainId);
        using var reader = command.ExecuteReader();
        if (reader.Read())
            Set<T>(grainState, serializer.Deserialize<T>(new BinaryData(reader.GetFieldValue<byte[]>(0))) ?? activators.GetActivator<T>().Create(), reader.GetInt64(1));
        else
            Reset(grainState);
        return Task.CompletedTask;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var payload = serializer.Serialize(grainState.State).ToArray();
        var version = await ApplyAsync(new SqliteWrite(Key(stateName, grainId), payload, Version(grainState.ETag)));
        Set<T>(grainState, grainState.State!, version);
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        // Nothing was ever read or written under this activation: there is nothing it may delete.
        if (Version(grainState.ETag) is { } expected)
            await ApplyAsync(new SqliteWrite(Key(stateName, grainId), null, expected));
        Reset(grainState);
    }

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(SqliteGrainStorage),
        ServiceLifecycleStage.RuntimeStorageServices,
        _ =>
        {
            _writer = new SqliteWriter(database, maxBatch, metrics);
            return Task.CompletedTask;
        },
        _ => Task.Run(Dispose, CancellationToken.None));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _writer, null) is not { } writer)
            return;
        writer.Dispose();
        using var connection = new SqliteConnection(database.ConnectionString);
        SqliteConnection.ClearPool(connection);
    }

    private async Task<long?> ApplyAsync(SqliteWrite write)
    {
        if (_writer is not { } writer)
            throw new OrleansException("Grain storage is not running: the silo is starting or stopping.");
        WriteResult result;
        try
        {
            result = await writer.WriteAsync(write);
        }
        catch (ChannelClosedException)
        {
            throw new OrleansException("Grain storage has stopped: the silo is leaving the cluster.");
        }

        return result.Applied
            ? result.Version
            : throw new InconsistentStateException($"{write.Key.StateName} of {write.Key.GrainId} was written by another activation.", ETag(result.Version), ETag(write.Expected));
    }

    private StateKey Key(string stateName, GrainId grainId) => new(cluster.Value.ServiceId, stateName, grainId.ToString());

    private static void Set<T>(IGrainState<T> grainState, T state, long? version)
    {
        grainState.State = state;
        grainState.ETag = ETag(version);
        grainState.RecordExists = true;
    }

    private void Reset<T>(IGrainState<T> grainState)
    {
        grainState.State = activators.GetActivator<T>().Create();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private static string? ETag(long? version) => version?.ToString(CultureInfo.InvariantCulture);

    private static long? Version(string? etag) => string.IsNullOrEmpty(etag) ? null : long.Parse(etag, CultureInfo.InvariantCulture);
}
