using System.Runtime;

namespace InferMesh.Strategies.Hosting.DotNet;

/// <summary>
/// Calls code that may not come back. The call runs on the thread of its request, since a hand-over to another would cost more than most rankings; when it does not come back in time, its
/// plugin goes into quarantine, so that no other request follows, and the call is aborted. Running managed code ends then, and so does a wait of managed code; native code that does not return, and
/// a finally block that does not end, keep their thread.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(5);

    private const int MaxNudges = 200;

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ThreadLocal<CallSlot> _slot;
    private readonly BusyTicker _ticker;
    private CallSlot[] _slots = [];

    public Watchdog(TimeProvider time)
    {
        _time = time;
        _slot = new(Register);
        _ticker = new("infermesh-plugin-watchdog", Period, Look);
    }

    /// <summary>Calls; never throws.</summary>
    /// <param name="guard">Of the plugin.</param>
    /// <param name="limit">Time after which the call is aborted.</param>
    /// <param name="action">What to call.</param>
    public PluginFailure Run(PluginGuard guard, TimeSpan limit, Action action)
    {
        var slot = _slot.Value!;
        _ticker.Enter();
        slot.Begin(guard, _time.GetTimestamp() + (long)(limit.TotalSeconds * _time.TimestampFrequency));
        var failure = PluginFailure.None;
        try
        {
            // Obsolete for what an abort may leave behind in code that did not expect it. Here that code is the plugin's, which is never called again; without it, the thread would be lost.
#pragma warning disable SYSLIB0046
            ControlledExecution.Run(action, slot.Token);
#pragma warning restore SYSLIB0046
        }
        catch (Exception)
        {
            failure = PluginFailure.Exception;
        }
        finally
        {
            _ticker.Leave();
        }
        return slot.End() ? PluginFailure.Timeout : failure;
    }

    public void Dispose()
    {
        _ticker.Dispose();
        _slot.Dispose();
    }

    private CallSlot Register()
    {
        var slot = new CallSlot(Thread.CurrentThread);
        lock (_gate) _slots = [.. _slots.Where(static s => s.Thread.IsAlive), slot];
        return slot;
    }

    private void Look()
    {
        var now = _time.GetTimestamp();
        foreach (var slot in Volatile.Read(ref _slots))
        {
            if (slot.Overdue(now) is not var (guard, abort)) continue;
            guard.Quarantine();
            // An abort waits for its thread, which may never be where it can be stopped.
            new Thread(() => Abort(slot, abort)) { IsBackground = true, Name = "infermesh-plugin-abort" }.Start();
        }
    }

    private static void Abort(CallSlot slot, CancellationTokenSource abort)
    {
        new Thread(abort.Cancel) { IsBackground = true, Name = "infermesh-plugin-abort" }.Start();
        // The runtime tries once, at a place in the code that may not allow it. Stopping all threads for a collection of the youngest objects gives it another chance.
        for (var i = 0; i < MaxNudges && slot.IsAborting; i++)
        {
            Thread.Sleep(10 * Period);
            if (!slot.IsAborting) return;
            slot.Interrupt();
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        }
    }
}
