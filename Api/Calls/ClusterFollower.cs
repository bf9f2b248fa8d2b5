namespace InferMesh.Api.Calls;

/// <summary>
/// Follows something of the cluster with one pending long poll, so that no request asks for it. A change is known at once, or, when a poll was lost, a few seconds later. When the cluster is out
/// of reach the last state stays in force and the poll is tried again.
/// </summary>
/// <param name="firstWait">How long a caller waits in a process that has just started.</param>
/// <param name="time">Clock.</param>
internal abstract class ClusterFollower<T>(TimeSpan firstWait, TimeProvider time) : BackgroundService
    where T : class
{
    // Below the response timeout of the cluster; with CallLimit it bounds how long what is over, such as a revoked key, lives on.
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FollowWait = TimeSpan.FromSeconds(1);

    private volatile TaskCompletionSource _next = New();
    private volatile T? _current;

    /// <summary>The newest state; null when a process that has just started gets none in time.</summary>
    public ValueTask<T?> CurrentAsync(CancellationToken cancellationToken) =>
        _current is { } current ? ValueTask.FromResult<T?>(current) : new(WaitAsync(_ => true, firstWait, cancellationToken));

    /// <summary>The newest state, at once; null when there was none yet.</summary>
    public T? Known => _current;

    /// <summary>What is newer than the current state; null when nothing came within <paramref name="wait"/>.</summary>
    protected abstract Task<T?> PollAsync(T? current, TimeSpan wait);

    /// <summary>Says that news do not come.</summary>
    protected abstract void Failed(string reason);

    /// <summary>Ends when this process knows of a change, or after a second: who has changed something here may use it here at once.</summary>
    protected Task FollowAsync(Func<T, bool> knows) => WaitAsync(knows, FollowWait, CancellationToken.None);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var newer = await PollAsync(_current, LongPoll).WaitAsync(CallLimit, time, stoppingToken);
                failing = false;
                if (newer is null) continue;
                _current = newer;
                var woken = _next;
                _next = New();
                woken.SetResult();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (!failing) Failed(e.Message);
                failing = true;
                await Task.Delay(RetryDelay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>The first state for which the condition holds; null when there is none in time.</summary>
    private async Task<T?> WaitAsync(Func<T, bool> holds, TimeSpan wait, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            // Before the look at the state: what comes after it wakes us.
            var next = _next.Task;
            if (_current is { } current && holds(current)) return current;
            var left = wait - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return null;
            await next.WaitAsync(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
