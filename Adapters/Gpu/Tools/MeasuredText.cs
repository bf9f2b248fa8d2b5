using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;

namespace InferMesh.Adapters.Gpu.Tools;

/// <summary>Numbers as tools print them: <c>20475 MiB</c>, <c>(300Mhz)</c>, <c>45.0</c>.</summary>
internal static class MeasuredText
{
    private static readonly SearchValues<char> OfNumbers = SearchValues.Create("+-.0123456789");

    /// <summary>Memory that names its unit. Tools that say MB count in MiB.</summary>
    public static readonly FrozenDictionary<string, double> Memory = Units(
        ("B", 1), ("KiB", GpuUnits.KiB), ("KB", GpuUnits.KiB), ("MiB", GpuUnits.MiB), ("MB", GpuUnits.MiB), ("GiB", GpuUnits.KiB * GpuUnits.MiB), ("GB", GpuUnits.KiB * GpuUnits.MiB));

    /// <summary>Bytes without a unit, where the name of the field says that they are bytes.</summary>
    public static readonly FrozenDictionary<string, double> Bytes = Units(("", 1), ("B", 1));

    public static readonly FrozenDictionary<string, double> Share = Units(("%", GpuUnits.PerCent), ("", GpuUnits.PerCent));
    public static readonly FrozenDictionary<string, double> Celsius = Units(("C", 1), ("", 1), ("\u00b0C", 1));
    public static readonly FrozenDictionary<string, double> Watts = Units(("W", 1), ("", 1), ("mW", 1 / GpuUnits.Kilo));
    public static readonly FrozenDictionary<string, double> Mhz = Units(("MHz", 1), ("Mhz", 1), ("", 1), ("GHz", GpuUnits.Kilo));
    public static readonly FrozenDictionary<string, double> Count = Units(("", 1));

    public static readonly FrozenDictionary<string, double> BytesPerSecond = Units(
        ("B/s", 1), ("KB/s", GpuUnits.Kilo), ("MB/s", 1e6), ("GB/s", 1e9), ("Mb/s", 125_000), ("Gb/s", 125e6));

    /// <summary>The number in its base unit; null when the text is no number, or of another unit.</summary>
    public static double? Read(string text, FrozenDictionary<string, double> units)
    {
        var rest = text.AsSpan().Trim();
        if (rest is ['(', .. var inner, ')'])
            rest = inner.Trim();
        var end = rest.IndexOfAnyExcept(OfNumbers);
        if (end < 0)
            end = rest.Length;
        return units.TryGetValue(rest[end..].Trim().ToString(), out var scale)
            && double.TryParse(rest[..end], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            ? value * scale
            : null;
    }

    private static FrozenDictionary<string, double> Units(params (string Unit, double Scale)[] units) =>
        units.ToFrozenDictionary(unit => unit.Unit, unit => unit.Scale, StringComparer.Ordinal);
}
