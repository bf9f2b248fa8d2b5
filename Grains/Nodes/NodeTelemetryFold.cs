using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

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

    public double? RttMs { get; private set; }

    public long Dropped { get; private set; }

    public (long Epoch, long Sequence) Mark => _gpuMark.CompareTo(_runtimeMark) > 0 ? _gpuMark : _runtimeMark;

    /// <summary>Requests that the runtimes hold; null when none of them says.</summary>
    public double? Work
    {
        get
        {
            double? sum = null;
            foreach (var runtime in Runtimes)
            {
                foreach (var model in runtime.Models) sum = model.Running is null && model.Waiting is null ? sum : (sum ?? 0) + (model.Running ?? 0) + (model.Waiting ?? 0);
            }
            return sum;
        }
    }

    /// <summary>Takes what is newer; false when nothing was.</summary>
    public bool Take(NodeTelemetry batch)
    {
        var mark = (Math.Max(batch.Epoch, 0), Math.Max(batch.Sequence, 0));
        var taken = false;
        if (batch.Gpus is { } gpus && mark.CompareTo(_gpuMark) > 0)
        {
            (_gpuMark, Gpus, taken) = (mark, gpus, true);
        }
        if (batch.Runtimes is { } runtimes && mark.CompareTo(_runtimeMark) > 0)
        {
            (_runtimeMark, Runtimes, taken) = (mark, runtimes, true);
        }
        if (!taken)
        {
            Dropped++;
            return false;
        }
        SampledAt = SampledAt > batch.SampledAt ? SampledAt : batch.SampledAt;
        RttMs = batch.RttMs ?? RttMs;
        return true;
    }

    public GpuTotals Totals() => new(
        Gpus.Count, Gpus.Count > 0 ? Gpus[0].Name : "", Gpus.Sum(g => g.VramTotalBytes ?? 0), Gpus.Sum(g => g.VramUsedBytes ?? 0),
        Gpus.Average(g => g.SmUtilization), Gpus.Max(g => g.TemperatureCelsius),
        Gpus.Any(g => g.PowerWatts is not null) ? Gpus.Sum(g => g.PowerWatts) : null);
}
