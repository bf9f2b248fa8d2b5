using InferMesh.Adapters.Gpu;

namespace InferMesh.Adapters.Probing;

/// <summary>Keeps the newest GPU readings of one source, and lets them go when the source has failed for long.</summary>
internal sealed class GpuProbe
{
    private readonly IGpuSource _source;
    private readonly TimeSpan _expiry;
    private readonly TimeProvider _time;
    private readonly ProbeLoop<GpuSourceResult> _loop;
    private readonly Lock _gate = new();
    private GpuPart? _lastGood;

    public GpuProbe(IGpuSource source, NodeProbeOptions options, TimeProvider time)
    {
        (_source, _expiry, _time) = (source, options.GpuExpiry, time);
        // A vendor library blocks its caller: it gets a thread that nobody waits on.
        _loop = new(_ => Task.Run(source.Read), options.GpuInterval, options.GpuTimeout, time);
    }

    public Task First => _loop.First;

    /// <inheritdoc cref="ProbeLoop{T}.Reading"/>
    public Task Reading => _loop.Reading;

    public Task RunAsync(long anchor, CancellationToken cancellationToken) => _loop.RunAsync(anchor, cancellationToken);

    public (GpuPart? Part, string? Failure) Current()
    {
        lock (_gate)
        {
            if (_loop.Latest is not { } latest)
                return (null, null);
            if (latest.Value is GpuSourceResult.Available { Snapshot: var snapshot })
            {
                if (_lastGood?.Version != latest.Version)
                    _lastGood = new GpuPart(GpuEntries.Of(snapshot), latest.SampledAt, latest.Version, snapshot.Synthetic);
                return (_lastGood, null);
            }

            var reason = latest.Failure ?? (latest.Value as GpuSourceResult.Unavailable)?.Reason ?? "the GPU source gave no answer";
            // A driver that stumbles for a moment has not lost its GPUs; one that stays silent leaves nothing known.
            var stands = _lastGood is { } good && _time.GetElapsedTime(good.SampledAt) < _expiry;
            return (stands ? _lastGood : new GpuPart([], latest.SampledAt, latest.Version, _lastGood?.Synthetic ?? false), reason);
        }
    }

    /// <summary>Closes the source, unless a call into it has not come back: closing would wait for that call.</summary>
    public void Close()
    {
        if (!_loop.Hangs)
            _source.Dispose();
    }
}
