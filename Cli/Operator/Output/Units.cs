using System.Globalization;

namespace InferMesh.Cli.Operator.Output;

/// <summary>Amounts as people read them; what is unknown is <c>-</c>.</summary>
internal static class Units
{
    private const string Unknown = "-";
    private const double Gib = 1 << 30;

    /// <summary>Bytes as gibibytes.</summary>
    public static string GiB(double? bytes) => bytes is { } value ? (value / Gib).ToString("0.#", CultureInfo.InvariantCulture) : Unknown;

    /// <summary>What is used of what there is, in gibibytes.</summary>
    public static string GiBOf(double? used, double? total) => total is > 0 ? $"{GiB(used)}/{GiB(total)}" : Unknown;

    /// <summary>A share from 0 to 1.</summary>
    public static string Percent(double? share) => share is { } value ? value.ToString("0%", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal) : Unknown;

    /// <summary>A number with up to two decimals.</summary>
    public static string Number(double? number) => number is { } value ? value.ToString("0.##", CultureInfo.InvariantCulture) : Unknown;

    /// <summary>Seconds, to the tenth of a millisecond.</summary>
    public static string Seconds(double? seconds) => seconds is { } value ? value.ToString("0.0000", CultureInfo.InvariantCulture) : Unknown;

    /// <summary>A text that may be missing.</summary>
    public static string OrUnknown(string text) => text.Length > 0 ? text : Unknown;
}
