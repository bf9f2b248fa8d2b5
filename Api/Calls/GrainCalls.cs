using InferMesh.Grains.Abstractions.Routing;
using Orleans.Runtime.Messaging;

namespace InferMesh.Api.Calls;

/// <summary>Calls grains so that a silo that dies costs a short wait instead of an error. Thread-safe.</summary>
internal sealed partial class GrainCalls(IGrainFactory grains, TimeProvider time, ILogger<GrainCalls> logger)
{
    private const int MaxAttempts = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    // Routers are stateless workers: the key only decides over which gateway a call enters the cluster.
    private const int RouterKeys = 64;
    private const int MaxRouterAttempts = 8;
    private static readonly TimeSpan RouterLimit = TimeSpan.FromSeconds(1);

    private int _lastGood;

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
                throw Unanswered(e, attempt);
            }
            await Task.Delay(Pause(attempt), time, cancellationToken);
        }
    }

    /// <summary>A call that any router answers, at once: what takes longer than a second may have been sent to a silo that does not answer, and is sent another way as well. The first answer counts.</summary>
    /// <exception cref="MeshUnavailableException">No attempt succeeded.</exception>
    public async Task<T> AnyRouterAsync<T>(Func<IRouterGrain, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        var first = AskAsync(call, Random.Shared.Next(RouterKeys));
        try
        {
            return await first.WaitAsync(RouterLimit, time, cancellationToken);
        }
        catch (Exception e) when (IsTransient(e) && !cancellationToken.IsCancellationRequested)
        {
            LogRetry(1, e.Message);
            return await AskOthersAsync(call, first, e, cancellationToken);
        }
        catch (Exception e) when (!IsCancellation(e, cancellationToken))
        {
            throw Unanswered(e, 1);
        }
    }

    private async Task<T> AskOthersAsync<T>(Func<IRouterGrain, ValueTask<T>> call, Task<T> first, Exception failure, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        List<Task<T>> open = first.IsCompleted ? [] : [first];
        for (var attempt = 2; ; attempt++)
        {
            await Task.Delay(Pause(attempt - 1), time, cancellationToken);
            // The way over which somebody has just had an answer does not lead to the silo that gives none; where nobody has, chance finds another.
            if (attempt <= MaxRouterAttempts) open.Add(AskAsync(call, attempt % 2 == 0 ? Volatile.Read(ref _lastGood) : Random.Shared.Next(RouterKeys)));
            var slot = Task.Delay(RouterLimit, time, cancellationToken);
            var ended = await Task.WhenAny([slot, .. open]);
            cancellationToken.ThrowIfCancellationRequested();
            if (ended != slot && ended is Task<T> answer)
            {
                if (answer.IsCompletedSuccessfully) return await answer;
                open.Remove(answer);
                failure = answer.Exception?.InnerException ?? new TimeoutException();
                if (!IsTransient(failure)) throw Unanswered(failure, attempt);
                LogRetry(attempt, failure.Message);
            }
            if (time.GetElapsedTime(start) > Deadline || (open.Count == 0 && attempt >= MaxRouterAttempts)) throw Unanswered(failure, attempt);
        }
    }

    private async Task<T> AskAsync<T>(Func<IRouterGrain, ValueTask<T>> call, int key)
    {
        var answer = await call(grains.GetGrain<IRouterGrain>(key));
        Volatile.Write(ref _lastGood, key);
        return answer;
    }

    private static TimeSpan Pause(int attempt) => FirstPause * (1 << Math.Min(attempt, MaxAttempts - 1));

    private MeshUnavailableException Unanswered(Exception e, int attempts)
    {
        LogFailure(e, attempts);
        return new("The cluster did not answer in time; the call may be repeated.", e);
    }

    /// <summary>A call that must not be made twice.</summary>
    /// <exception cref="MeshUnavailableException">It failed, and may have had its effect nevertheless.</exception>
    public Task<T> OnceAsync<T>(Func<IGrainFactory, Task<T>> call, CancellationToken cancellationToken) =>
        OnceAsync(call, "The cluster did not confirm the change, which may have been made: read the state before you repeat the call.", cancellationToken);

    /// <summary>A call that changes nothing, and whose repetition would only add to the work that it is.</summary>
    /// <exception cref="MeshUnavailableException">It failed.</exception>
    public Task<T> TryOnceAsync<T>(Func<IGrainFactory, Task<T>> call, CancellationToken cancellationToken) =>
        OnceAsync(call, "The cluster did not answer in time, or is busy with calls of this kind: nothing was changed, and the call may be repeated.", cancellationToken);

    private async Task<T> OnceAsync<T>(Func<IGrainFactory, Task<T>> call, string failed, CancellationToken cancellationToken)
    {
        try
        {
            return await call(grains).WaitAsync(cancellationToken);
        }
        catch (Exception e) when (!IsCancellation(e, cancellationToken))
        {
            LogFailure(e, 1);
            throw new MeshUnavailableException(failed, e);
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
        // Of a silo that gave up, such as on a message that had waited for too long: callers look at their own token first.
        or OperationCanceledException
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
    public static IServiceCollection AddGrainCalls(this IServiceCollection services) => services.AddSingleton(TimeProvider.System).AddSingleton<GrainCalls>().AddSingleton<OwnReader>().AddSingleton<OwnRouting>();
}
