namespace InferMesh.Cli.Agent.Training;

/// <summary>How long ranks may run on without an answer of the mesh. Thread safe.</summary>
internal sealed class JobLease(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _length;
    private long _since;

    /// <summary>The mesh has answered.</summary>
    /// <param name="length">How long that holds; zero for ever.</param>
    /// <param name="asked">When it was asked: the mesh counts from its answer, which may have been on its way for long.</param>
    public void Answered(TimeSpan length, long asked)
    {
        lock (_gate) (_length, _since) = (length, asked);
        Interlocked.Exchange(ref _answered, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    /// <summary>Watches it until cancelled.</summary>
    /// <param name="ranOut">Called once whenever it runs out, with its length.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async Task WatchAsync(Action<TimeSpan> ranOut, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var answered = Volatile.Read(ref _answered).Task;
            TimeSpan length, left;
            lock (_gate) (length, left) = (_length, _length - (_length > TimeSpan.Zero ? time.GetElapsedTime(_since) : TimeSpan.Zero));
            if (length > TimeSpan.Zero && left > TimeSpan.Zero)
            {
                await Task.Delay(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            if (length > TimeSpan.Zero) ranOut(length);
            await answered.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
