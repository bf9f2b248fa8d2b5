using System.Data.Common;
using InferMesh.ServiceDefaults.Hosting;
using InferMesh.Silo.Options;

namespace InferMesh.Silo.Storage;

/// <summary>Applies the schema before anything of Orleans reads it, and waits for a database that is still starting.</summary>
internal sealed partial class SchemaInstaller(IMeshDatabase database, StorageSettings settings, TimeProvider time, ILogger<SchemaInstaller> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IPreflight
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);
    private const int AttemptsPerLine = 10;
    private bool _isInstalled;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(SchemaInstaller), ServiceLifecycleStage.RuntimeInitialize, CheckAsync);

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        // The host asks first, the silo's life cycle again: test clusters have no such host.
        if (_isInstalled)
            return;
        var version = await InstallAsync(cancellationToken);
        _isInstalled = true;
        LogReady(database.Description, version);
    }

    private async Task<int> InstallAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await database.ApplySchemaAsync(cancellationToken);
            }
            catch (DbException e) when (IsWorthWaiting(e) && time.GetElapsedTime(start) < settings.StartTimeout)
            {
                if (attempt % AttemptsPerLine == 0)
                    LogWaiting(database.Description, e.Message);
                await Task.Delay(s_pause, time, cancellationToken);
            }
            catch (Exception e) when (e is DbException or IOException or UnauthorizedAccessException)
            {
                throw new StartupException($"Storage cannot be used: {database.Description}: {e.Message}", ExitCodes.Failed);
            }
        }
    }

    // "Transient" is what the driver calls a server that is starting, or a lock that another silo holds.
    internal static bool IsWorthWaiting(DbException e) =>
        e.IsTransient || e is Microsoft.Data.Sqlite.SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED };

    [LoggerMessage(Level = LogLevel.Information, Message = "Storage is ready: {Database}, schema version {Version}")]
    private partial void LogReady(string database, int version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for storage {Database}: {Reason}")]
    private partial void LogWaiting(string database, string reason);
}
