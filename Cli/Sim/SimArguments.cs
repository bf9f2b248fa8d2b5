using System.Globalization;
using InferMesh.Strategies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Cli.Sim;

/// <summary>Reads the options of <c>infermesh sim</c>; what is wrong is said in one line that names the option.</summary>
internal static class SimArguments
{
    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60)];

    /// <summary>A time such as <c>250ms</c>, <c>1s</c>, <c>2m</c>; a bare number is seconds.</summary>
    public static TimeSpan Time(string option, string text, TimeSpan min, TimeSpan max)
    {
        var (suffix, unit) = Array.Find(Units, u => text.EndsWith(u.Suffix, StringComparison.Ordinal)) is { Suffix: not null } found ? found : ("", 1);
        return double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number * unit >= min.TotalSeconds && number * unit <= max.TotalSeconds
            ? TimeSpan.FromSeconds(number * unit)
            : throw new UsageException($"{option} must be a time from {min.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s to {max.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s, such as 250ms, 1s or 2m, not '{text}'");
    }

    /// <summary>Strategies by name, each once.</summary>
    public static IRoutingStrategy[] Strategies(string text)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToArray();
        if (names.Length == 0) throw new UsageException($"--strategies must name at least one of {string.Join(", ", StrategyCatalog.All.Select(s => s.Name))}");
        foreach (var name in names)
        {
            if (StrategyCatalog.Validate(name, null) is [var error, ..]) throw new UsageException($"--strategies: {error.Message}");
        }
        return [.. names.Select(n => StrategyCatalog.Create(n))];
    }
}
