using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Common;

namespace InferMesh.Grains.Nodes;

/// <summary>
/// GPUs and MIG slices, told by the silo that keeps their node: so each stands on one page. What is unknown has no series, and neither have GPUs whose readings are too old.
/// </summary>
internal static class GpuMetrics
{
    private static readonly ConcurrentDictionary<object, Entry> Nodes = new(ReferenceEqualityComparer.Instance);

    private static readonly ChurningGauges Gauges = new("InferMesh.Fleet", static (meter, gauges) =>
    {
        Gauge("infermesh.gpu.sm_utilization", "{ratio}", "Share of time in which a kernel ran.", static g => g.SmUtilization);
        Gauge("infermesh.gpu.memory_utilization", "{ratio}", "Share of time in which memory was read or written.", static g => g.MemoryUtilization);
        Gauge("infermesh.gpu.vram_used", "By", "Memory in use.", static g => g.VramUsedBytes);
        Gauge("infermesh.gpu.vram_total", "By", "Memory in all.", static g => g.VramTotalBytes);
        Gauge("infermesh.gpu.temperature", "Cel", "Core temperature.", static g => g.TemperatureCelsius);
        Gauge("infermesh.gpu.power", "W", "Power draw.", static g => g.PowerWatts);
        Gauge("infermesh.gpu.ecc_errors", "{error}", "Uncorrected ECC errors since the driver was loaded.", static g => g.EccUncorrectedErrors);
        Gauge("infermesh.gpu.throttled", "{gpu}", "1 when clocks are held down for heat, power or hardware reasons, else 0.", static g => g.Throttled is { } throttled ? throttled ? 1 : 0 : null);
        Gauge("infermesh.gpu.health_status", "{gpu}", "1 for a GPU that may be worked on; 0 for one that fell off the bus or whose memory could not be repaired.", static g => g.Lost || g.MemoryRepairFailed is true ? 0 : 1, isCounted: true);

        void Gauge(string name, string unit, string description, Func<GpuSample, double?> value, bool isCounted = false) =>
            meter.CreateObservableGauge(name, () => isCounted ? gauges.Seen(Of(value)) : Of(value), unit, description);
    });

    /// <summary>Shows the GPUs of a node, in place of what its owner showed before.</summary>
    /// <param name="owner">Who keeps the node.</param>
    /// <param name="registration">The node.</param>
    /// <param name="telemetry">Its readings.</param>
    /// <param name="lasts">How old they may become.</param>
    /// <param name="time">Clock of <paramref name="telemetry"/>.</param>
    public static void Show(object owner, NodeRegistration registration, NodeTelemetryFold telemetry, TimeSpan lasts, TimeProvider time)
    {
        if (telemetry.GpusSampledAt is { } sampledAt) Nodes[owner] = new(registration, telemetry.Gpus, sampledAt + lasts, time);
        Gauges.Refresh();
    }

    /// <summary>The owner keeps the node no more.</summary>
    public static void Hide(object owner) => Nodes.TryRemove(owner, out _);

    private static IEnumerable<Measurement<double>> Of(Func<GpuSample, double?> value)
    {
        foreach (var node in Nodes.Values)
        {
            if (node.Until < node.Time.GetUtcNow()) continue;
            foreach (var gpu in node.Gpus)
            {
                if (value(gpu) is { } number && double.IsFinite(number))
                    yield return new(number, new("node", node.Registration.NodeId), new("zone", node.Registration.Zone), new("gpu_uuid", gpu.GpuUuid), new("mig_profile", gpu.MigProfile));
            }
        }
    }

    private sealed record Entry(NodeRegistration Registration, IReadOnlyList<GpuSample> Gpus, DateTimeOffset Until, TimeProvider Time);
}
