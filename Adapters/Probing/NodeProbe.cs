using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Adapters.Storage;

namespace InferMesh.Adapters.Probing;

/// <summary>Probes one machine: every source on its own loop, composed into batches on demand. Thread-safe.</summary>
public sealed class NodeProbe : IAsyncDisposable
{
    // A storage's own limit comes first: its message says what was slow.
    private static readonly TimeSpan StorageTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan MaxTickOffset = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time;
    private readonly long _anchor;
    private readonly GpuProbe? _gpu;
    private readonly RuntimeReader[] _runtimes;
    private readonly ProbeLoop<InfiniBandSnapshot>? _links;
    private readonly ProbeLoop<StorageReading>[] _storages;
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
        _links = options.InfiniBand is { } ports ? new(_ => Task.Run(ports.Read), options.GpuInterval, options.GpuTimeout, time) : null;
        _storages = [.. options.Storage.Select(storage => new ProbeLoop<StorageReading>(token => storage.ReadAsync(token).AsTask(), options.StorageInterval, StorageTimeout, time))];
        List<Task> loops = [.. _runtimes.Select(runtime => runtime.RunAsync(_anchor, _stop.Token)), .. _storages.Select(storage => storage.RunAsync(_anchor, _stop.Token))];
        if (_links is not null)
            loops.Add(_links.RunAsync(_anchor, _stop.Token));
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
        return new NodeReading { Gpus = gpus, GpuFailure = failure, Runtimes = Runtimes(), Links = _links?.Latest?.Value, Storage = Storage() };
    }

    /// <summary>
    /// Ends when the reads of GPUs and runtimes that began in this interval have ended, or after the limit: a page that takes its time is then in the next report, not in the one after it.
    /// A source that hangs holds nothing up for longer than its first interval.
    /// </summary>
    /// <param name="limit">Longest wait, above zero.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task SettleAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        Task[] reading = [.. _runtimes.Select(runtime => runtime.Reading), _gpu?.Reading ?? Task.CompletedTask];
        if (!Array.TrueForAll(reading, static task => task.IsCompleted))
            await Task.WhenAll(reading).WaitAsync(limit, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

    private StoragePart? Storage()
    {
        var version = _storages.Sum(storage => storage.Latest?.Version ?? 0);
        return version == 0 ? null : new StoragePart([.. _storages.Select(storage => storage.Latest).OfType<ProbeOutcome<StorageReading>>().Where(latest => latest.Value is not null)
            .Select(latest => new StorageEntry(latest.Value!, latest.SampledAt))], version);
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
