using System.Text.Json;
using InferMesh.Adapters.Gpu.Tools;

namespace InferMesh.Adapters.Gpu.Rocm;

/// <summary>Reads what <c>amd-smi metric --json</c> and <c>amd-smi static --json</c> print (https://rocm.docs.amd.com/projects/amdsmi/).</summary>
internal static class AmdSmiReading
{
    public const string Tool = "amd-smi";

    public static readonly string[] MetricArguments = ["metric", "--json"];
    public static readonly string[] StaticArguments = ["static", "--json"];

    /// <summary>The snapshot; null when the metrics hold no GPU.</summary>
    /// <param name="metrics">What changes.</param>
    /// <param name="statics">What does not; undefined when it could not be read.</param>
    /// <param name="source">Name of the source.</param>
    public static GpuSnapshot? Read(JsonElement metrics, JsonElement statics, string source)
    {
        var gpus = ByIndex(metrics);
        if (gpus.Count == 0)
            return null;
        var descriptions = ByIndex(statics);
        return new GpuSnapshot
        {
            Source = source,
            Readings = [.. gpus.Select(gpu => Gpu(gpu.Value, descriptions.GetValueOrDefault(gpu.Key), gpu.Key))],
            DriverVersion = descriptions.Values.Select(gpu => RocmJson.Text(RocmJson.At(gpu, "driver>version"))).FirstOrDefault(version => version is not (null or "N/A")),
        };
    }

    /// <summary>How many GPUs a document holds.</summary>
    public static int Count(JsonElement document) => ByIndex(document).Count;

    private static SortedDictionary<int, JsonElement> ByIndex(JsonElement document)
    {
        var found = new SortedDictionary<int, JsonElement>();
        // A list of GPUs; since ROCm 7 inside an object.
        var list = RocmJson.At(document, "gpu_data") ?? document;
        if (list.ValueKind != JsonValueKind.Array)
            return found;
        foreach (var gpu in list.EnumerateArray())
        {
            if (RocmJson.Index(RocmJson.Text(RocmJson.At(gpu, "gpu"))) is { } index)
                found[index] = gpu;
        }
        return found;
    }

    private static GpuReading Gpu(JsonElement metric, JsonElement description, int index)
    {
        var read = new ToolFieldReader(path => RocmJson.Text(RocmJson.At(metric, path)));
        var about = new ToolFieldReader(path => RocmJson.Text(RocmJson.At(description, path)));
        var reading = new GpuReading
        {
            Index = index,
            Uuid = RocmIdentity.Of(about.Text(nameof(GpuReading.Uuid), "asic>asic_serial"), about.Text(nameof(GpuReading.Uuid), "board>product_serial")),
            Name = about.Text(nameof(GpuReading.Name), "asic>market_name", "board>product_name"),
            PciBusId = about.Text(nameof(GpuReading.PciBusId), "bus>bdf"),
            VramTotalBytes = read.Bytes(nameof(GpuReading.VramTotalBytes), MeasuredText.Memory, "mem_usage>total_vram")
                ?? about.Bytes(nameof(GpuReading.VramTotalBytes), MeasuredText.Memory, "vram>size"),
            VramUsedBytes = read.Bytes(nameof(GpuReading.VramUsedBytes), MeasuredText.Memory, "mem_usage>used_vram"),
            SmUtilization = read.Share(nameof(GpuReading.SmUtilization), "usage>gfx_activity"),
            MemoryUtilization = read.Share(nameof(GpuReading.MemoryUtilization), "usage>umc_activity"),
            TemperatureCelsius = read.Celsius(nameof(GpuReading.TemperatureCelsius), "temperature>hotspot", "temperature>junction", "temperature>edge"),
            MemoryTemperatureCelsius = read.Celsius(nameof(GpuReading.MemoryTemperatureCelsius), "temperature>mem"),
            PowerWatts = read.Watts(nameof(GpuReading.PowerWatts), "power>socket_power", "power>current_socket_power", "power>average_socket_power"),
            PowerLimitWatts = about.Watts(nameof(GpuReading.PowerLimitWatts), "limit>socket_power", "limit>ppt0>socket_power_limit", "limit>max_power"),
            SmClockMhz = read.Mhz(nameof(GpuReading.SmClockMhz), "clock>gfx_0>clk", "clock>gfx>clk", "clock>gfx>cur_clk"),
            MemoryClockMhz = read.Mhz(nameof(GpuReading.MemoryClockMhz), "clock>mem_0>clk", "clock>mem>clk", "clock>mem>cur_clk"),
            EccCorrectedVolatile = read.Count(nameof(GpuReading.EccCorrectedVolatile), "ecc>total_correctable_count"),
            EccUncorrectedVolatile = read.Count(nameof(GpuReading.EccUncorrectedVolatile), "ecc>total_uncorrectable_count"),
            PcieReplays = read.Count(nameof(GpuReading.PcieReplays), "pcie>replay_count"),
            PcieTxBytesPerSecond = read.BytesPerSecond(nameof(GpuReading.PcieTxBytesPerSecond), "pcie>current_bandwidth_sent"),
            PcieRxBytesPerSecond = read.BytesPerSecond(nameof(GpuReading.PcieRxBytesPerSecond), "pcie>current_bandwidth_received"),
            ThrottleReasons = AmdSmiThrottle.Of(read),
            // MIG is NVIDIA's: a GPU of AMD is not cut in its way.
            MigEnabled = false,
            MigInstances = [],
        };
        foreach (var field in UnreadFields.Of(reading))
        {
            if (about.Missing.Reason(field) is { } reason)
                read.Missing.Add(field, reason);
        }
        return reading with { Missing = UnreadFields.Reasons(reading, read.Missing, "amd-smi does not report it") };
    }
}
