using System.Globalization;
using InferMesh.Adapters.Gpu;

namespace InferMesh.Adapters.Probing;

/// <summary>Turns the boards of a snapshot into what can be scheduled: a board cut into slices is its slices.</summary>
internal static class GpuEntries
{
    /// <summary>Clocks that idle or follow a chosen setting are not distress.</summary>
    private const GpuThrottleReasons Distress = GpuThrottleReasons.SwPowerCap | GpuThrottleReasons.HwSlowdown | GpuThrottleReasons.SwThermalSlowdown
        | GpuThrottleReasons.HwThermalSlowdown | GpuThrottleReasons.HwPowerBrakeSlowdown;

    private const GpuThrottleReasons Heat = GpuThrottleReasons.SwThermalSlowdown | GpuThrottleReasons.HwThermalSlowdown;

    public static IReadOnlyList<GpuEntry> Of(GpuSnapshot snapshot)
    {
        var entries = new List<GpuEntry>(snapshot.Readings.Count);
        foreach (var reading in snapshot.Readings)
        {
            var board = Board(reading, snapshot.Source);
            if (reading.MigInstances is { Count: > 0 } slices)
                entries.AddRange(slices.Select((slice, i) => Slice(board, slice, i)));
            else
                entries.Add(board);
        }

        return entries;
    }

    private static GpuEntry Board(GpuReading reading, string source) => new()
    {
        // A GPU that hides its UUID still needs a name that stays the same from read to read.
        Uuid = reading.Uuid ?? reading.PciBusId ?? string.Create(CultureInfo.InvariantCulture, $"{source}-{reading.Index}"),
        Name = reading.Name ?? "",
        SmUtilization = reading.SmUtilization,
        MemoryUtilization = reading.MemoryUtilization,
        VramUsedBytes = reading.VramUsedBytes,
        VramTotalBytes = reading.VramTotalBytes,
        TemperatureCelsius = reading.TemperatureCelsius,
        PowerWatts = reading.PowerWatts,
        EccUncorrectedErrors = reading.EccUncorrectedVolatile,
        Throttled = reading.ThrottleReasons is { } reasons ? (reasons & Distress) != 0 : null,
        Lost = reading.Lost,
        LastXid = reading.LastXid,
        XidErrors = reading.XidErrors,
        EccCorrectedErrors = reading.EccCorrectedVolatile,
        MemoryRepairPending = Any(reading.RetiredPagesPending, reading.RemappedRowsPending),
        MemoryRepairFailed = reading.RemappedRowsFailed,
        ThermalThrottled = reading.ThrottleReasons is { } why ? (why & Heat) != 0 : null,
        NvLinkActiveLinks = reading.NvLinkActiveLinks,
        NvLinkErrors = Sum(reading.NvLinkCrcErrors, reading.NvLinkReplayErrors, reading.NvLinkRecoveryErrors),
        NvLinkBytesPerSecond = reading.NvLinkBytesPerSecond ?? reading.NvLinkTxBytesPerSecond + reading.NvLinkRxBytesPerSecond,
        PcieReplays = reading.PcieReplays,
        PcieTxBytesPerSecond = reading.PcieTxBytesPerSecond,
        PcieRxBytesPerSecond = reading.PcieRxBytesPerSecond,
    };

    private static GpuEntry Slice(GpuEntry board, GpuMigInstance slice, int position) => board with
    {
        Uuid = slice.Uuid ?? string.Create(CultureInfo.InvariantCulture, $"{board.Uuid}/{slice.GpuInstanceId ?? position}/{slice.ComputeInstanceId ?? 0}"),
        MigProfile = slice.ProfileName ?? "",
        SmUtilization = null,
        MemoryUtilization = null,
        VramUsedBytes = slice.VramUsedBytes,
        VramTotalBytes = slice.VramTotalBytes,
        PowerWatts = position == 0 ? board.PowerWatts : null,
    };

    /// <summary>What is known of either; null when nothing is.</summary>
    private static bool? Any(bool? a, bool? b) => a == true || b == true ? true : a ?? b;

    private static long? Sum(params ReadOnlySpan<long?> counts)
    {
        long? sum = null;
        foreach (var count in counts) sum = count is null ? sum : (sum ?? 0) + count;
        return sum;
    }
}
