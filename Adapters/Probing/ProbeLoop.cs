using System.Globalization;

namespace InferMesh.Adapters.Probing;

/// <summary>What the last read of one source came to.</summary>
/// <param name="Value">What it said; null when it failed.</param>
/// <param name="Failure">Why it failed; null when it did not.</param>
/// <param name="SampledAt">When the read began, or when it was given up.</param>
/// <param name="Version">Number of the read, from 1.</param>
internal sealed record ProbeOutcome<T>(T? Value, string? Failure, long SampledAt, long Version)
    where T : class;

/// <summary>Reads one source again and again, on its own: however long it takes or fails, nobody else waits for it.</summary>
internal sealed class ProbeLoop<T>(Func<CancellationToken, Task<T>> read, TimeSpan interval, TimeSpan timeout, TimeProvider time)
    where T : class
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ProbeOutcome<T>? _latest;
    private Task<T>? _running;
    private volatile Task _reading = Task.CompletedTask;
    private long _readingSince;

    /// <summary>The newest outcome; null before the first.</summary>
    public ProbeOutcome<T>? Latest => _latest;

    /// <summary>Done when there is an outcome.</summary>
    public Task First => _first.Task;

    /// <summary>The read that began within the last interval, done when what it said is the newest outcome; done when there is none.</summary>
    public Task Reading => time.GetElapsedTime(Volatile.Read(ref _readingSince)) < interval ? _reading : Task.CompletedTask;

    /// <summary>Whether a read that was given up still has not returned.</summary>
    public bool Hangs => _running is { IsCompleted: false };

    public async Task RunAsync(long anchor, CancellationToken cancellationToken)
    {
        var schedule = new TickSchedule(time, anchor, interval, TimeSpan.Zero);
        var hungSince = 0L;
        try
        {
            while (true)
            {
                // A second read beside one that ignores its cancellation would only pile up.
                if (Hangs)
                {
                    Publish(null, Silence(time.GetElapsedTime(hungSince)), time.GetTimestamp());
                }
                else
                {
                    Volatile.Write(ref _readingSince, hungSince = time.GetTimestamp());
                    await (_reading = ReadAsync(hungSince, cancellationToken));
                }

                await schedule.WaitAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task ReadAsync(long started, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            _running = read(either.Token);
            Publish(await _running.WaitAsync(either.Token), null, started);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Publish(null, Silence(timeout), time.GetTimestamp());
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A probe that throws is broken, but one broken probe must not silence a node.
            Publish(null, $"the probe failed: {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}", time.GetTimestamp());
        }
    }

    private void Publish(T? value, string? failure, long at)
    {
        _latest = new ProbeOutcome<T>(value, failure, at, (_latest?.Version ?? 0) + 1);
        _first.TrySetResult();
    }

    private static string Silence(TimeSpan waited) => string.Create(CultureInfo.InvariantCulture, $"no answer within {waited.TotalSeconds:0.#} s");
}
