using System.Globalization;

namespace InferMesh.Cli.Sim.Report;

/// <summary>Numbers as people read them.</summary>
internal static class Words
{
    public static string Ms(double milliseconds) => milliseconds switch
    {
        >= 100_000 => $"{Digits(milliseconds / 1000, 4)} s",
        >= 1000 => $"{Digits(milliseconds / 1000, 3)} s",
        _ => $"{Digits(milliseconds, 3)} ms",
    };

    public static string Percent(double share) => share is > 0.99 and < 1 ? $"{Math.Floor(share * 10_000) / 100:0.##} %" : $"{Digits(share * 100, 3)} %";

    public static string Dollars(double amount) => $"${Digits(amount, 3)}";

    public static string Count(double count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Seconds(double seconds) => $"{Digits(seconds, 4)} s";

    /// <summary>The factor above one, or a percentage where the two are close.</summary>
    public static string Times(double ratio)
    {
        var factor = ratio < 1 ? 1 / ratio : ratio;
        return factor >= 1.5 ? $"{Digits(factor, 2)} times" : $"{Digits((factor - 1) * 100, 2)} %";
    }

    /// <summary>How much the greater of two is, such as "11 times as much" or "20 % more".</summary>
    public static string More(double ratio) => Math.Max(ratio, 1 / ratio) >= 1.5 ? $"{Times(ratio)} as much" : $"{Times(ratio)} more";

    public static string Digits(double value, int digits)
    {
        if (value == 0 || !double.IsFinite(value)) return value == 0 ? "0" : "-";
        var decimals = Math.Clamp(digits - 1 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 12);
        return Math.Round(value, decimals).ToString(decimals == 0 ? "#,0" : "0." + new string('#', decimals), CultureInfo.InvariantCulture);
    }
}
