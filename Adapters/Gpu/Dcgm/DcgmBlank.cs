namespace InferMesh.Adapters.Gpu.Dcgm;

/// <summary>The values by which DCGM says that there is no value (https://docs.nvidia.com/datacenter/dcgm/latest/dcgm-api/, "blank" values).</summary>
internal static class DcgmBlank
{
    private const double Blank32 = 0x7ffffff0;
    private const double BlankDouble = 1L << 47;

    /// <summary>The 64-bit blanks differ in bits that a double has lost: they all read as 2^63.</summary>
    private const double Blank64 = 9223372036854775808d;

    private static readonly string[] Kinds = ["blank", "not found", "not supported", "not permitted"];

    /// <summary>Why this is no value; null when it is one.</summary>
    public static string? Reason(double value)
    {
        if (double.IsNaN(value))
            return "DCGM reports no number";
        if (value >= Blank64)
            return "DCGM reports no value (64-bit blank)";
        return Kind(value, Blank32) ?? Kind(value, BlankDouble);
    }

    private static string? Kind(double value, double blank) =>
        value - blank is >= 0 and < 4 and var offset ? $"DCGM reports no value ({Kinds[(int)offset]})" : null;
}
