using System.Globalization;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Durations as people write them: <c>500ms</c>, <c>1.5s</c>, <c>2m</c>, <c>1h</c>.</summary>
internal static class DurationText
{
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)),
    ];

    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        var digits = text.AsSpan().TrimEnd("hms");
        foreach (var (unit, length) in Units)
        {
            if (!text.AsSpan(digits.Length).SequenceEqual(unit))
                continue; // another unit
            if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) || count > TimeSpan.FromDays(365) / length)
                return false;
            value = count * length;
            return true;
        }

        return false;
    }

    public static string Format(TimeSpan value)
    {
        var (unit, length) = Units.Last(entry => entry.Unit == "ms" || (value >= entry.Length && value.Ticks % entry.Length.Ticks == 0));
        return string.Create(CultureInfo.InvariantCulture, $"{value / length:0.###}{unit}");
    }
}
