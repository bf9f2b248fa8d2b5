using System.Globalization;
using InferMesh.Adapters.Gpu.Tools;

namespace InferMesh.Adapters.Gpu.NvidiaSmi;

/// <summary>Reads the processes of a GPU.</summary>
internal static class NvidiaSmiProcesses
{
    public static IReadOnlyList<GpuProcess>? Of(NvidiaSmiNode gpu, ToolFieldReader read)
    {
        const string Path = "processes";
        if (gpu.At(Path) is not { } node)
        {
            read.Missing.Add(nameof(GpuReading.Processes), $"{Path} is not in the output");
            return null;
        }
        if (node.Text.Length > 0) // "N/A", where the driver may not tell
        {
            read.Note(nameof(GpuReading.Processes), Path, node.Text);
            return null;
        }
        var processes = new List<GpuProcess>();
        foreach (var info in node.All("process_info"))
        {
            if (Whole(info, "pid") is not { } pid)
            {
                read.Note(nameof(GpuReading.Processes), "pid", info.At("pid")?.Text ?? "");
                return null;
            }
            var type = info.At("type")?.Text ?? "";
            var memory = MeasuredText.Read(info.At("used_memory")?.Text ?? "", MeasuredText.Memory) is >= 0 and <= GpuUnits.MaxBytes and var bytes ? (long?)bytes : null;
            // "C", "G", "C+G", and "M+C" for a client of MPS. Whatever else comes holds a context too.
            if (type.Contains('C', StringComparison.Ordinal) || !type.Contains('G', StringComparison.Ordinal))
                processes.Add(Process(info, pid, GpuProcessKind.Compute, memory));
            if (type.Contains('G', StringComparison.Ordinal))
                processes.Add(Process(info, pid, GpuProcessKind.Graphics, memory));
        }
        return processes;
    }

    private static GpuProcess Process(NvidiaSmiNode info, int pid, GpuProcessKind kind, long? memory) =>
        new(pid, kind, memory, Whole(info, "gpu_instance_id"), Whole(info, "compute_instance_id"));

    private static int? Whole(NvidiaSmiNode info, string path) =>
        int.TryParse(info.At(path)?.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
