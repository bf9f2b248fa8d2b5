namespace InferMesh.Strategies.Hosting;

/// <summary>A thread that does something again and again while calls are going on; sleeps when there have been none for a second.</summary>
internal sealed class BusyTicker : IDisposable
{
    private static readonly TimeSpan MaxIdle = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _period;
    private readonly Action _tick;
    private readonly Thread _thread;
    private readonly AutoResetEvent _wake = new(false);
    private int _active;
    private int _parked;
    private volatile bool _stopped;

    public BusyTicker(string name, TimeSpan period, Action tick)
    {
        (_period, _tick) = (period, tick);
        _thread = new(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    public void Enter()
    {
        Interlocked.Increment(ref _active);
        if (Volatile.Read(ref _parked) == 1) _wake.Set();
    }

    public void Leave() => Interlocked.Decrement(ref _active);

    public void Dispose()
    {
        _stopped = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
    }

    private void Run()
    {
        var idle = TimeSpan.Zero;
        while (!_stopped)
        {
            idle = Volatile.Read(ref _active) == 0 ? idle + _period : TimeSpan.Zero;
            if (idle > MaxIdle)
            {
                // Whoever enters after this sees it; whoever entered before is seen here.
                Interlocked.Exchange(ref _parked, 1);
                if (Volatile.Read(ref _active) == 0 && !_stopped) _wake.WaitOne();
                Volatile.Write(ref _parked, 0);
                idle = TimeSpan.Zero;
            }
            Thread.Sleep(_period);
            _tick();
        }
    }
}
