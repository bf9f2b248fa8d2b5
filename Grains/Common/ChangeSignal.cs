namespace InferMesh.Grains.Common;

/// <summary>Wakes the long polls of one grain when something changes. Used on the grain's own scheduler only.</summary>
internal sealed class ChangeSignal(TimeProvider time)
{
    private TaskCompletionSource _changed = New();

    /// <summary>Wakes all who wait.</summary>
    public void Pulse()
    {
        var woken = _changed;
        _changed = New();
        woken.SetResult();
    }

    /// <summary>Ends at the next pulse, or after <paramref name="wait"/>.</summary>
    public async Task WaitAsync(TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero) return;
        using var cancel = new CancellationTokenSource();
        await Task.WhenAny(_changed.Task, Task.Delay(wait, time, cancel.Token));
        await cancel.CancelAsync();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
