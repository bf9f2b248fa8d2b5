namespace InferMesh.Grains.Common;

/// <summary>
/// Turns many changes into few writes: while one write runs, all further changes share the next one. Each caller waits for a write
/// that began after its change. Used on the grain's own scheduler only.
/// </summary>
internal sealed class CoalescedWriter(Func<Task> write)
{
    private Task _running = Task.CompletedTask;
    private Task? _next;

    public Task WriteAsync()
    {
        if (_next is not null) return _next;
        if (_running.IsCompleted) return _running = write();
        return _next = AfterAsync(_running);
    }

    private async Task AfterAsync(Task earlier)
    {
        await earlier.ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        _running = _next!;
        _next = null;
        await write();
    }
}
