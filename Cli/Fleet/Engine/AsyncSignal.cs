using System.Threading.Tasks.Sources;

namespace InferMesh.Cli.Fleet.Engine;

/// <summary>An auto-reset event for one waiter at a time that allocates nothing per wait: a token stream waits once per token.</summary>
/// <remarks>
/// With <paramref name="inline"/> the waiter goes on inside <see cref="Signal"/>: a hop to the thread pool per token would cost as much as
/// the token. Its signaller must hold no lock.
/// </remarks>
internal sealed class AsyncSignal(bool inline = false) : IValueTaskSource
{
    private const int Idle = 0, Set = 1, Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = !inline };
    private int _state;

    /// <summary>Wakes the waiter, or lets the next wait pass; several signals before a wait count once.</summary>
    public void Signal()
    {
        if (Interlocked.CompareExchange(ref _state, Set, Idle) == Idle)
            return;
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
            _core.SetResult(true);
    }

    /// <summary>Waits for the next signal. Never two waits at the same time.</summary>
    public ValueTask WaitAsync()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Set) == Set)
            return ValueTask.CompletedTask;

        _core.Reset();
        var version = _core.Version;
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) != Idle)
        {
            // Signalled in between: take it and pass.
            Interlocked.Exchange(ref _state, Idle);
            return ValueTask.CompletedTask;
        }

        return new ValueTask(this, version);
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);
}
