using System.Text.Json;
using InferMesh.Adapters.Gpu.Tools;

namespace InferMesh.Adapters.Gpu.Rocm;

/// <summary>Reads what <c>rocm-smi --json</c> prints. Keys changed with the versions: they are listed from the newest.</summary>
internal static class RocmSmiReading
{
    public const string Tool = "rocm-smi";

    /// <summary>Only what is read: each further option costs the tool time. It prints no RAS counters as JSON.</summary>
    public static readonly string[] Arguments =
    [
        "--showproductname", "--showuniqueid", "--showserial", "--showbus", "--showuse", "--showmemuse", "--showmeminfo", "vram", "--showtemp", "--showpower", "--showmaxpower",
        "--showclocks", "--showreplaycount", "--showdriverversion", "--json",
    ];

    /// <summary>The snapshot; null when the document holds no card.</summary>
    public static GpuSnapshot? Read(JsonElement root, string source)
    {
        var cards = RocmJson.Numbered(root, "card");
        return cards.Count == 0
            ? null
            : new GpuSnapshot
            {
                Source = source,
                Readings = [.. cards.Select(card => Card(card.Value, card.Key))],
                DriverVersion = RocmJson.Text(RocmJson.At(root, "system>Driver version")),
            };
    }

    private static GpuReading Card(JsonElement card, int index)
    {
        var read = new ToolFieldReader(path => RocmJson.Text(RocmJson.At(card, path)));
        var reading = new GpuReading
        {
            Index = index,
            Uuid = RocmIdentity.Of(read.Text(nameof(GpuReading.Uuid), "Unique ID"), read.Text(nameof(GpuReading.Uuid), "Serial Number")),
            Name = Name(read),
            PciBusId = read.Text(nameof(GpuReading.PciBusId), "PCI Bus"),
            VramTotalBytes = read.Bytes(nameof(GpuReading.VramTotalBytes), MeasuredText.Bytes, "VRAM Total Memory (B)"),
            VramUsedBytes = read.Bytes(nameof(GpuReading.VramUsedBytes), MeasuredText.Bytes, "VRAM Total Used Memory (B)"),
            SmUtilization = read.Share(nameof(GpuReading.SmUtilization), "GPU use (%)"),
            MemoryUtilization = read.Share(nameof(GpuReading.MemoryUtilization), "GPU Memory Read/Write Activity (%)", "GPU memory use (%)"),
            // The hottest spot is what holds the clocks back; boards of compute alone have no edge sensor at all.
            TemperatureCelsius = read.Celsius(nameof(GpuReading.TemperatureCelsius), "Temperature (Sensor junction) (C)", "Temperature (Sensor edge) (C)"),
            MemoryTemperatureCelsius = read.Celsius(nameof(GpuReading.MemoryTemperatureCelsius), "Temperature (Sensor memory) (C)"),
            PowerWatts = read.Watts(
                nameof(GpuReading.PowerWatts), "Current Socket Graphics Package Power (W)", "Average Graphics Package Power (W)", "Average Socket Graphics Package Power (W)"),
            PowerLimitWatts = read.Watts(nameof(GpuReading.PowerLimitWatts), "Max Graphics Package Power (W)"),
            SmClockMhz = read.Mhz(nameof(GpuReading.SmClockMhz), "sclk clock speed:"),
            MemoryClockMhz = read.Mhz(nameof(GpuReading.MemoryClockMhz), "mclk clock speed:"),
            PcieReplays = read.Count(nameof(GpuReading.PcieReplays), "PCIe Replay Count"),
            // MIG is NVIDIA's: a GPU of AMD is not cut in its way.
            MigEnabled = false,
            MigInstances = [],
        };
        return reading with { Missing = UnreadFields.Reasons(reading, read.Missing, "rocm-smi does not report it") };
    }

    /// <summary>Old versions print the vendor's number where the name belongs.</summary>
    private static string? Name(ToolFieldReader read)
    {
        const string Field = nameof(GpuReading.Name);
        if (read.Text(Field, "Card Series", "Card series", "Device Name", "Card Model", "Card model") is not { } name)
            return null;
        if (!name.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return name;
        read.Missing.Add(Field, $"the tool gives the number {name} for a name");
        return null;
    }
}
