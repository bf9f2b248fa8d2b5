using Orleans.Storage;

namespace InferMesh.Silo.Storage;

/// <summary>What every provider gets around it: time and outcome as metrics, driver errors logged here and translated for the wire.</summary>
internal sealed partial class GuardedGrainStorage(IGrainStorage inner, StorageMetrics metrics, TimeProvider time, ILogger<GuardedGrainStorage> logger)
    : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("read", stateName, grainId, inner.ReadStateAsync, grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("write", stateName, grainId, inner.WriteStateAsync, grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("clear", stateName, grainId, inner.ClearStateAsync, grainState);

    public void Participate(ISiloLifecycle lifecycle) => (inner as ILifecycleParticipant<ISiloLifecycle>)?.Participate(lifecycle);

    private async Task GuardAsync<T>(
        string operation, string stateName, GrainId grainId, Func<string, GrainId, IGrainState<T>, Task> run, IGrainState<T> grainState)
    {
        var start = time.GetTimestamp();
        var outcome = "error";
        try
        {
            await run(stateName, grainId, grainState);
            outcome = "ok";
        }
        catch (InconsistentStateException)
        {
            outcome = "conflict";
            throw;
        }
        catch (Exception e) when (e is not OrleansException and not OperationCanceledException)
        {
            LogFailed(e, operation, stateName, grainId);
            throw StorageErrors.Translate($"{operation} {stateName} of {grainId}", e);
        }
        finally
        {
            metrics.Operation(operation, outcome, time.GetElapsedTime(start));
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Grain storage failed to {Operation} {StateName} of {GrainId}")]
    private partial void LogFailed(Exception exception, string operation, string stateName, GrainId grainId);
}
