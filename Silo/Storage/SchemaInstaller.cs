using System.Data.Common;
using InferMesh.Silo.Options;

namespace InferMesh.Silo.Storage;

/// <summary>Applies the schema before anything of Orleans reads it, and waits for a database that is still starting.</summary>
internal sealed partial class SchemaInstaller(IMeshDatabase database, StorageSettings settings, TimeProvider time, ILogger<SchemaInstaller> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(SchemaInstaller), ServiceLifecycleStage.RuntimeInitialize, InstallAsync);

    internal async Task InstallAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                await database.ApplySchemaAsync(cancellationToken);
                LogReady(database.Description);
                return;
            }
            catch (DbException e) when (IsWorthWaiting(e) && time.GetElapsedTime(start) < settings.StartTimeout)
            {
                LogWaiting(database.Description, e.Message);
                await Task.Delay(s_pause, time, cancellationToken);
            }
        }
    }

    // "Transient" is what the driver calls a server that is starting, or a lock that another silo holds.
    private static bool IsWorthWaiting(DbException e) =>
        e.IsTransient || e is Microsoft.Data.Sqlite.SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED };

    [LoggerMessage(Level = LogLevel.Information, Message = "Storage is ready: {Database}")]
    private partial void LogReady(string database);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for storage {Database}: {Reason}")]
    private partial void LogWaiting(string database, string reason);
}
