namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>Reads what a GPU moves over PCIe and NVLink, and what goes wrong there.</summary>
internal static class NvmlLinkReader
{
    private const uint AllLinks = uint.MaxValue;
    private const int MaxLinks = 64; // more than any board has; a count beyond it is not believed

    public static GpuReading ReadInto(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log)
    {
        reading = reading with
        {
            PcieTxBytesPerSecond = Pcie(api, device, NvmlPcieCounter.TxBytes, nameof(GpuReading.PcieTxBytesPerSecond), log),
            PcieRxBytesPerSecond = Pcie(api, device, NvmlPcieCounter.RxBytes, nameof(GpuReading.PcieRxBytesPerSecond), log),
        };
        uint replays = 0;
        if (log.Ok(api.Device("nvmlDeviceGetPcieReplayCounter", device, ref replays), "nvmlDeviceGetPcieReplayCounter", nameof(GpuReading.PcieReplays)))
            reading = reading with { PcieReplays = replays };
        return ReadNvLink(api, device, reading, log);
    }

    /// <summary>NVML counts for 20 ms and answers in KB/s.</summary>
    private static double? Pcie(NvmlApi api, nint device, NvmlPcieCounter counter, string field, NvmlFieldLog log) =>
        log.Ok(api.Device("nvmlDeviceGetPcieThroughput", device, (uint)counter, out uint kilobytes), "nvmlDeviceGetPcieThroughput", field)
            ? kilobytes * GpuUnits.Kilo
            : null;

    private static GpuReading ReadNvLink(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log)
    {
        var counts = NvmlFieldValues.Read(api, device, 0, NvmlField.NvLinkCount);
        string[] counters =
        [
            nameof(GpuReading.NvLinkTxBytesTotal), nameof(GpuReading.NvLinkRxBytesTotal), nameof(GpuReading.NvLinkCrcErrors),
            nameof(GpuReading.NvLinkReplayErrors), nameof(GpuReading.NvLinkRecoveryErrors),
        ];
        if (counts.Unsupported(NvmlField.NvLinkCount))
        {
            log.Absent("the GPU has no NVLink", counters);
            return reading with { NvLinkActiveLinks = 0 };
        }
        if (counts.Whole(NvmlField.NvLinkCount, nameof(GpuReading.NvLinkActiveLinks), log) is not { } links || links > MaxLinks)
        {
            log.Absent("the number of NVLink links is unknown", [nameof(GpuReading.NvLinkActiveLinks), .. counters]);
            return reading;
        }
        var active = Active(api, device, (uint)links, log);
        if (active is null or { Count: 0 })
        {
            log.Absent(active is null ? "the state of the NVLink links is unknown" : "no NVLink link is up", counters);
            return reading with { NvLinkActiveLinks = active?.Count };
        }
        var moved = NvmlFieldValues.Read(api, device, AllLinks, NvmlField.NvLinkThroughputDataTx, NvmlField.NvLinkThroughputDataRx);
        return reading with
        {
            NvLinkActiveLinks = active.Count,
            NvLinkTxBytesTotal = Bytes(moved, NvmlField.NvLinkThroughputDataTx, nameof(GpuReading.NvLinkTxBytesTotal), log),
            NvLinkRxBytesTotal = Bytes(moved, NvmlField.NvLinkThroughputDataRx, nameof(GpuReading.NvLinkRxBytesTotal), log),
            NvLinkCrcErrors = Errors(api, device, active, nameof(GpuReading.NvLinkCrcErrors), log, NvmlNvLinkError.CrcFlit, NvmlNvLinkError.CrcData),
            NvLinkReplayErrors = Errors(api, device, active, nameof(GpuReading.NvLinkReplayErrors), log, NvmlNvLinkError.Replay),
            NvLinkRecoveryErrors = Errors(api, device, active, nameof(GpuReading.NvLinkRecoveryErrors), log, NvmlNvLinkError.Recovery),
        };
    }

    private static List<uint>? Active(NvmlApi api, nint device, uint links, NvmlFieldLog log)
    {
        var active = new List<uint>();
        for (uint link = 0; link < links; link++)
        {
            var code = api.Device("nvmlDeviceGetNvLinkState", device, link, out uint state);
            if (code == NvmlReturn.NotSupported)
                continue; // a slot without a link
            if (!log.Ok(code, "nvmlDeviceGetNvLinkState", nameof(GpuReading.NvLinkActiveLinks)))
                return null;
            if (state != 0)
                active.Add(link);
        }
        return active;
    }

    private static long? Bytes(NvmlFieldValues values, NvmlField field, string property, NvmlFieldLog log) =>
        values.Whole(field, property, log) is { } kibibytes && kibibytes <= long.MaxValue >> 10 ? kibibytes << 10 : null;

    private static long? Errors(NvmlApi api, nint device, List<uint> links, string field, NvmlFieldLog log, params ReadOnlySpan<NvmlNvLinkError> kinds)
    {
        ulong sum = 0;
        foreach (var link in links)
        {
            foreach (var kind in kinds)
            {
                // A part of the links would look like all of them, and zero errors are good news.
                if (!log.Ok(api.NvLinkErrors(device, link, kind, out var count), "nvmlDeviceGetNvLinkErrorCounter", field))
                    return null;
                sum += count;
            }
        }
        return (long)Math.Min(sum, long.MaxValue);
    }
}
