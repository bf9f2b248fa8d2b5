namespace InferMesh.Cli.Replay;

/// <summary>Starts work at given times whether or not earlier work has ended: what users do, unlike a closed loop.</summary>
internal sealed class OpenLoop(TimeProvider time, int maxInFlight) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(maxInFlight, maxInFlight);
    private int _inFlight;

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Starts an item at each offset; returns when all that were started have ended. Cancellation stops starting, without an exception.</summary>
    /// <param name="offsets">Times since <paramref name="startTicks"/>, ascending.</param>
    /// <param name="startTicks">Timestamp of offset zero.</param>
    /// <param name="work">Given the index; must not throw.</param>
    /// <param name="cancellationToken">Stops starting.</param>
    /// <returns>How many were started.</returns>
    public async Task<int> RunAsync(IEnumerable<TimeSpan> offsets, long startTicks, Func<int, Task> work, CancellationToken cancellationToken)
    {
        var started = 0;
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var pending = 1;
        foreach (var offset in offsets)
        {
            if (!await WaitUntilAsync(startTicks, offset, cancellationToken))
                break;
            Interlocked.Increment(ref pending);
            _ = RunOneAsync(started++);
        }

        Leave();
        await idle.Task;
        return started;

        async Task RunOneAsync(int index)
        {
            Interlocked.Increment(ref _inFlight);
            try
            {
                // Off the scheduling thread: building a request must not delay the next send.
                await Task.Yield();
                await work(index);
            }
            finally
            {
                Interlocked.Decrement(ref _inFlight);
                _slots.Release();
                Leave();
            }
        }

        void Leave()
        {
            if (Interlocked.Decrement(ref pending) == 0)
                idle.TrySetResult();
        }
    }

    public void Dispose() => _slots.Dispose();

    private async ValueTask<bool> WaitUntilAsync(long startTicks, TimeSpan offset, CancellationToken cancellationToken)
    {
        try
        {
            var wait = offset - time.GetElapsedTime(startTicks);
            while (wait > TimeSpan.Zero)
            {
                // Timers round down to whole milliseconds: never wait zero of them, and look at the clock again.
                var step = TimeSpan.FromMilliseconds(Math.Max(1, Math.Floor(wait.TotalMilliseconds)));
                await Task.Delay(step, time, cancellationToken);
                wait = offset - time.GetElapsedTime(startTicks);
            }

            await _slots.WaitAsync(cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
