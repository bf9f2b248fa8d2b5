namespace InferMesh.Adapters.Probing;

/// <summary>Probes one machine: every source on its own loop, composed into batches on demand. Thread-safe.</summary>
public sealed class NodeProbe : IAsyncDisposable
{
    private static readonly TimeSpan MaxTickOffset = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time;
    private readonly long _anchor;
    private readonly GpuProbe? _gpu;
    private readonly RuntimeReader[] _runtimes;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loops;
    private long _empty;
    private int _disposed;

    private NodeProbe(NodeProbeOptions options, TimeProvider time)
    {
        _time = time;
        _anchor = time.GetTimestamp();
        _gpu = options.Gpu is { } source ? new GpuProbe(source, options, time) : null;
        _runtimes = [.. options.Runtimes.Select(target => new RuntimeReader(target, time))];
        List<Task> loops = [.. _runtimes.Select(runtime => runtime.RunAsync(_anchor, _stop.Token))];
        List<Task> firsts = [.. _runtimes.Select(runtime => runtime.First)];
        if (_gpu is not null)
        {
            loops.Add(_gpu.RunAsync(_anchor, _stop.Token));
            firsts.Add(_gpu.First);
        }

        _loops = Task.WhenAll(loops);
        FirstReadings = Task.WhenAll(firsts);
    }

    /// <summary>Done when every source has been read once, or has failed once.</summary>
    public Task FirstReadings { get; }

    /// <summary>Starts to probe.</summary>
    /// <param name="options">What to probe.</param>
    /// <param name="time">Clock of the loops and of all timestamps.</param>
    public static NodeProbe Start(NodeProbeOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        return new NodeProbe(options, time);
    }

    /// <summary>The newest readings of every source. Never waits.</summary>
    public NodeReading Current()
    {
        var (gpus, failure) = _gpu?.Current() ?? default;
        return new NodeReading { Gpus = gpus, GpuFailure = failure, Runtimes = Runtimes() };
    }

    /// <summary>Moments that lie just after the reads of this interval, so that what is sent then is fresh.</summary>
    /// <param name="interval">Distance of the ticks, above zero.</param>
    public TickSchedule Ticks(TimeSpan interval)
    {
        var offset = interval / 4;
        return new TickSchedule(_time, _anchor, interval, offset < MaxTickOffset ? offset : MaxTickOffset);
    }

    /// <summary>Ends the loops and closes the GPU source. A read that ignores its cancellation is left behind.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stop.CancelAsync();
        await _loops;
        _gpu?.Close();
        _stop.Dispose();
    }

    private RuntimePart? Runtimes()
    {
        // That there are none is known at once and always fresh: a node without any source must not look silent.
        if (_runtimes.Length == 0)
            return new RuntimePart([], _time.GetTimestamp(), _gpu is null ? Interlocked.Increment(ref _empty) : 0);
        // The version is read first: what is read after it is at least as new.
        var version = _runtimes.Sum(runtime => runtime.Version);
        if (version == 0)
            return null;
        var entries = Array.ConvertAll(_runtimes, runtime => runtime.Current());
        return new RuntimePart(entries, entries.Min(entry => entry.SampledAt), version);
    }
}
