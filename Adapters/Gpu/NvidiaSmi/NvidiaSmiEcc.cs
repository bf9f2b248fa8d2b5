using InferMesh.Adapters.Gpu.Tools;

namespace InferMesh.Adapters.Gpu.NvidiaSmi;

/// <summary>Adds up ECC errors over the places that a GPU counts them in.</summary>
internal static class NvidiaSmiEcc
{
    // The last of each is the form of boards before Turing, which has a total of its own.
    private static readonly string[] CorrectedParts = ["sram_correctable", "dram_correctable", "single_bit/total"];
    private static readonly string[] UncorrectedParts = ["sram_uncorrectable", "sram_uncorrectable_parity", "sram_uncorrectable_secded", "dram_uncorrectable", "double_bit/total"];

    public static long? Corrected(NvidiaSmiNode gpu, ToolFieldReader read, string field, string period) => Sum(gpu, read, field, period, CorrectedParts);

    public static long? Uncorrected(NvidiaSmiNode gpu, ToolFieldReader read, string field, string period) => Sum(gpu, read, field, period, UncorrectedParts);

    private static long? Sum(NvidiaSmiNode gpu, ToolFieldReader read, string field, string period, string[] parts)
    {
        long? sum = null;
        foreach (var path in parts.Select(part => $"ecc_errors/{period}/{part}"))
        {
            if (gpu.At(path)?.Text is not { } text)
                continue;
            if (text is "N/A" or "[N/A]" or "Not Supported" or "[Not Supported]")
                read.Note(field, path, text); // a place that this GPU does not count in
            else if (read.Count(field, path) is { } count)
                sum = (sum ?? 0) + count;
            else
                return null; // a place that it does count in, but cannot tell: the rest would look like all
        }
        if (sum is null)
            read.Missing.Add(field, $"ecc_errors/{period} is not in the output");
        return sum;
    }
}
