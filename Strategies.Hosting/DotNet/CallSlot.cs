namespace InferMesh.Strategies.Hosting.DotNet;

// A cancellation source without a timer or a wait handle holds nothing that is not collected.
#pragma warning disable CA1001

/// <summary>The call of a plugin that one thread is in, if any.</summary>
internal sealed class CallSlot(Thread thread)
{
    private const long Aborting = -1;

    private readonly Lock _gate = new();
    private long _id;
    private long _call;
    private bool _interrupted;
    private CancellationTokenSource _abort = new();

    public Thread Thread { get; } = thread;

    public PluginGuard? Guard { get; private set; }

    /// <summary>Timestamp from which on the call is aborted.</summary>
    public long Until { get; private set; }

    public CancellationToken Token => _abort.Token;

    /// <summary>Whether it is being aborted and has not ended.</summary>
    public bool IsAborting => Volatile.Read(ref _call) == Aborting;

    public void Begin(PluginGuard guard, long until)
    {
        (Guard, Until) = (guard, until);
        Volatile.Write(ref _call, ++_id);
    }

    /// <summary>Ends the call; true when it was aborted.</summary>
    public bool End()
    {
        Guard = null;
        if (Interlocked.CompareExchange(ref _call, 0, _id) == _id) return false;
        lock (_gate)
        {
            _call = 0;
            _abort = new();
            if (_interrupted) Clear();
            _interrupted = false;
        }
        return true;
    }

    /// <summary>Marks a call that is past its time; null when there is none, or it has just ended. Whoever gets one quarantines and cancels.</summary>
    public (PluginGuard Guard, CancellationTokenSource Abort)? Overdue(long now)
    {
        var call = Volatile.Read(ref _call);
        if (call <= 0 || now < Until || Guard is not { } guard || Interlocked.CompareExchange(ref _call, Aborting, call) != call) return null;
        return (guard, _abort);
    }

    /// <summary>Wakes a thread that waits: an abort alone reaches running code only.</summary>
    public void Interrupt()
    {
        lock (_gate)
        {
            if (!IsAborting) return;
            _interrupted = true;
            Thread.Interrupt();
        }
    }

    // An interruption that came too late would hit whatever the thread waits for next.
    private static void Clear()
    {
        try
        {
            Thread.Sleep(1);
        }
        catch (ThreadInterruptedException)
        {
        }
    }
}
