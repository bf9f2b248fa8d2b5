using System.Globalization;
using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Gpu.Dcgm;

/// <summary>Turns a dcgm-exporter page into a snapshot. Metrics and units: https://docs.nvidia.com/datacenter/dcgm/latest/dcgm-api/dcgm-api-field-ids.html.</summary>
internal static class DcgmPage
{
    /// <summary>How the names of DCGM's fields begin.</summary>
    public const string Prefix = "DCGM_FI_";
    private const string Otherwise = "dcgm-exporter does not report it";

    /// <summary>The snapshot; null when the page carries no DCGM metric of a GPU.</summary>
    public static GpuSnapshot? Read(PrometheusPage page, string source)
    {
        var gpus = new Dictionary<string, DcgmGpu>(StringComparer.Ordinal);
        var order = new List<DcgmGpu>();
        foreach (var sample in page.Families.SelectMany(family => family.Samples).Where(sample => sample.Name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (Key(sample.Labels) is not { } key)
                continue; // of a switch, a link or a CPU
            if (!gpus.TryGetValue(key, out var gpu))
            {
                gpus.Add(key, gpu = new DcgmGpu(sample.Labels));
                order.Add(gpu);
            }
            gpu.Add(sample);
        }
        if (order.Count == 0)
            return null;
        return new GpuSnapshot
        {
            Source = source,
            Readings = Readings(order),
            DriverVersion = Text(order[0].Labels["DCGM_FI_DRIVER_VERSION"]),
            LibraryVersion = Text(order[0].Labels["DCGM_FI_NVML_VERSION"]),
        };
    }

    /// <summary>What tells the GPUs of a page apart; without a UUID only the machine and the place in it do.</summary>
    private static string? Key(PrometheusLabels labels) =>
        Text(labels["UUID"]) ?? ((Text(labels["gpu"]) ?? Text(labels["device"])) is { } place ? $"{labels["Hostname"]}/{place}" : null);

    private static GpuReading[] Readings(List<DcgmGpu> gpus)
    {
        var sorted = gpus.Select((gpu, position) => (Gpu: gpu, Wanted: Index(gpu) ?? position)).OrderBy(entry => entry.Wanted).ToArray();
        var readings = new GpuReading[sorted.Length];
        var next = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            // A page that gathers several machines repeats their indices.
            var index = Math.Max(sorted[i].Wanted, next);
            next = index + 1;
            readings[i] = DcgmReading.Of(sorted[i].Gpu, index, Otherwise);
        }
        return readings;
    }

    private static int? Index(DcgmGpu gpu)
    {
        const int MostDigits = 6; // no machine has a million GPUs, and the index after the last must stay a number
        return gpu.Labels["gpu"] is { Length: <= MostDigits } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
    }

    internal static string? Text(string? label) => string.IsNullOrWhiteSpace(label) ? null : label;
}
