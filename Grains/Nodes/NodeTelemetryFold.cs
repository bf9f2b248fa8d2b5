using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Topology;

namespace InferMesh.Grains.Nodes;

/// <summary>
/// The last readings of a node. GPU and runtime parts may come in batches of their own, each with its own numbers, so each part keeps
/// its own (epoch, sequence) and takes only what is newer.
/// </summary>
internal sealed class NodeTelemetryFold
{
    private (long Epoch, long Sequence) _gpuMark = (-1, -1);
    private (long Epoch, long Sequence) _runtimeMark = (-1, -1);

    public IReadOnlyList<GpuSample> Gpus { get; private set; } = [];

    public IReadOnlyList<RuntimeSample> Runtimes { get; private set; } = [];

    public DateTimeOffset? SampledAt { get; private set; }

    public DateTimeOffset? GpusSampledAt { get; private set; }

    public DateTimeOffset? RuntimesSampledAt { get; private set; }

    public double? RttMs { get; private set; }

    public NodeNetwork? Network { get; private set; }

    public IReadOnlyList<StorageSample> Storage { get; private set; } = [];

    public long Dropped { get; private set; }

    public (long Epoch, long Sequence) Mark => _gpuMark.CompareTo(_runtimeMark) > 0 ? _gpuMark : _runtimeMark;

    /// <summary>Requests that the runtimes hold; null when one of them does not say.</summary>
    public double? Work
    {
        get
        {
            if (RuntimesSampledAt is null) return null;
            var sum = 0d;
            foreach (var runtime in Runtimes)
            {
                var says = runtime.Healthy && runtime.Models.Count == 0;
                foreach (var model in runtime.Models)
                {
                    says |= model.Running is not null || model.Waiting is not null;
                    sum += (model.Running ?? 0) + (model.Waiting ?? 0);
                }
                // A runtime that could not be read may be as busy as ever.
                if (!says) return null;
            }
            return sum;
        }
    }

    /// <summary>Whether readings that are newer than <paramref name="moment"/> say that nothing runs or waits.</summary>
    public bool IdleAfter(DateTimeOffset moment) => Work is 0 && (Runtimes.Count == 0 ? SampledAt : RuntimesSampledAt) > moment;

    /// <summary>Takes what is newer; false when nothing was.</summary>
    public bool Take(NodeTelemetry batch)
    {
        var mark = (Math.Max(batch.Epoch, 0), Math.Max(batch.Sequence, 0));
        var taken = false;
        if (batch.Gpus is { } gpus && mark.CompareTo(_gpuMark) > 0)
        {
            (_gpuMark, Gpus, GpusSampledAt, taken) = (mark, gpus, batch.SampledAt, true);
        }
        if (batch.Runtimes is { } runtimes && mark.CompareTo(_runtimeMark) > 0)
        {
            (_runtimeMark, Runtimes, RuntimesSampledAt, taken) = (mark, runtimes, batch.SampledAt, true);
        }
        if (!taken)
        {
            Dropped++;
            return false;
        }
        SampledAt = SampledAt > batch.SampledAt ? SampledAt : batch.SampledAt;
        RttMs = batch.RttMs ?? RttMs;
        Network = batch.Network ?? Network;
        Storage = batch.Storage ?? Storage;
        return true;
    }

    public GpuTotals Totals() => new(
        Gpus.Count, Gpus.Count > 0 ? Gpus[0].Name : "", Gpus.Sum(g => g.VramTotalBytes ?? 0), Gpus.Sum(g => g.VramUsedBytes ?? 0),
        Gpus.Average(g => g.SmUtilization), Gpus.Max(g => g.TemperatureCelsius),
        Gpus.Any(g => g.PowerWatts is not null) ? Gpus.Sum(g => g.PowerWatts) : null);
}
