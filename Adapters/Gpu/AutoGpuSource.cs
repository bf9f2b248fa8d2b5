using InferMesh.Adapters.Gpu.NvidiaSmi;
using InferMesh.Adapters.Gpu.Nvml;
using InferMesh.Adapters.Gpu.Rocm;

namespace InferMesh.Adapters.Gpu;

/// <summary>The first of several sources that sees a GPU. It is kept until it fails; then all are asked again. Thread-safe: reads are serialised.</summary>
public sealed class AutoGpuSource : IGpuSource
{
    private readonly IGpuSource[] _sources;
    private readonly Lock _gate = new();
    private IGpuSource? _chosen;
    private bool _disposed;

    /// <summary>Creates the source.</summary>
    /// <param name="sources">The sources in order of preference, at least one; they are disposed with this one.</param>
    /// <exception cref="ArgumentException">There is no source.</exception>
    public AutoGpuSource(params ReadOnlySpan<IGpuSource> sources)
    {
        if (sources.IsEmpty)
            throw new ArgumentException("at least one source is needed", nameof(sources));
        _sources = sources.ToArray();
    }

    /// <inheritdoc/>
    public string Name => "auto";

    /// <summary>The sources that need nothing configured: NVML, then nvidia-smi, then AMD's tools.</summary>
    public static AutoGpuSource OfThisMachine() => new(new NvmlGpuSource(), new NvidiaSmiGpuSource(), new RocmGpuSource());

    /// <inheritdoc/>
    /// <remarks>The snapshot carries the name of the source that took it.</remarks>
    public GpuSourceResult Read()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var failures = new List<(IGpuSource Source, GpuSourceResult.Unavailable Failure)>();
            var asked = _chosen;
            switch (asked?.Read())
            {
                case GpuSourceResult.Available known:
                    return known;
                case GpuSourceResult.Unavailable gone:
                    failures.Add((asked, gone));
                    break;
            }
            _chosen = null;
            GpuSourceResult.Available? empty = null;
            foreach (var source in _sources.Where(source => source != asked))
            {
                switch (source.Read())
                {
                    case GpuSourceResult.Available { Snapshot.Readings.Count: > 0 } found:
                        _chosen = source;
                        return found;
                    case GpuSourceResult.Available none:
                        empty ??= none; // one vendor's library without a GPU says nothing about the other vendor's
                        break;
                    case GpuSourceResult.Unavailable failure:
                        failures.Add((source, failure));
                        break;
                }
            }
            return empty is not null ? empty : Unavailable(failures);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var source in _sources)
                source.Dispose();
        }
    }

    /// <summary>A source that is there and fails is worth more than one that is not there.</summary>
    private static GpuSourceResult.Unavailable Unavailable(List<(IGpuSource Source, GpuSourceResult.Unavailable Failure)> failures)
    {
        var telling = failures.FindIndex(entry => entry.Failure.Kind is not (GpuSourceFailure.LibraryNotFound or GpuSourceFailure.ToolNotFound));
        return new GpuSourceResult.Unavailable(
            failures[Math.Max(telling, 0)].Failure.Kind,
            string.Join("; ", failures.Select(entry => $"{entry.Source.Name}: {entry.Failure.Reason}")));
    }
}
