using Orleans.Runtime.Messaging;

namespace InferMesh.Api.Calls;

/// <summary>Calls grains so that a silo that dies costs a short wait instead of an error. Thread-safe.</summary>
internal sealed partial class GrainCalls(IGrainFactory grains, TimeProvider time, ILogger<GrainCalls> logger)
{
    private const int MaxAttempts = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>A call that may be made twice: up to three attempts, none started later than eight seconds after the first.</summary>
    /// <exception cref="MeshUnavailableException">No attempt succeeded.</exception>
    public async Task<T> RetryAsync<T>(Func<IGrainFactory, Task<T>> call, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call(grains).WaitAsync(cancellationToken);
            }
            catch (Exception e) when (attempt < MaxAttempts && IsTransient(e) && !cancellationToken.IsCancellationRequested && time.GetElapsedTime(start) < Deadline)
            {
                LogRetry(attempt, e.Message);
            }
            catch (Exception e) when (!IsCancellation(e, cancellationToken))
            {
                LogFailure(e, attempt);
                throw new MeshUnavailableException("The cluster did not answer in time; the call may be repeated.", e);
            }
            await Task.Delay(FirstPause * (1 << attempt), time, cancellationToken);
        }
    }

    /// <summary>A call that must not be made twice.</summary>
    /// <exception cref="MeshUnavailableException">It failed, and may have had its effect nevertheless.</exception>
    public async Task<T> OnceAsync<T>(Func<IGrainFactory, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call(grains).WaitAsync(cancellationToken);
        }
        catch (Exception e) when (!IsCancellation(e, cancellationToken))
        {
            LogFailure(e, 1);
            throw new MeshUnavailableException("The cluster did not confirm the change, which may have been made: read the state before you repeat the call.", e);
        }
    }

    /// <summary>Whether a failure is one of a moment: the silo died, or the client has not found another yet.</summary>
    public static bool IsTransient(Exception e) => e
        is TimeoutException
        or OrleansMessageRejectionException
        or SiloUnavailableException
        or ConnectionFailedException
        or GatewayTooBusyException
        or ClientNotAvailableException
        || IsNotConnected(e);

    // Until the client has met its first silo it knows no grains, and says so in this way.
    private static bool IsNotConnected(Exception e) => e is ArgumentException && e.Message.StartsWith("Could not find an implementation", StringComparison.Ordinal);

    private void LogFailure(Exception e, int attempts)
    {
        if (IsTransient(e)) LogFailed(attempts, e.Message);
        else LogBroken(e);
    }

    private static bool IsCancellation(Exception e, CancellationToken cancellationToken) =>
        e is OperationCanceledException && cancellationToken.IsCancellationRequested;

    [LoggerMessage(Level = LogLevel.Information, Message = "Grain call attempt {Attempt} failed and is repeated: {Reason}")]
    private partial void LogRetry(int attempt, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Grain call failed after {Attempts} attempts: {Reason}")]
    private partial void LogFailed(int attempts, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Grain call failed for a reason that no repetition mends")]
    private partial void LogBroken(Exception exception);
}

internal static class GrainCallsExtensions
{
    public static IServiceCollection AddGrainCalls(this IServiceCollection services) => services.AddSingleton(TimeProvider.System).AddSingleton<GrainCalls>();
}
