using System.Collections.Frozen;

namespace InferMesh.Adapters.Gpu.Tools;

/// <summary>Reads what a tool printed as fields; what is absent, not a value or out of range is null, and noted.</summary>
/// <param name="text">The text at a path of the tool's document; null when the document has no such place.</param>
internal sealed class ToolFieldReader(Func<string, string?> text)
{
    private const int MostCharacters = 64;

    private static readonly string[] NoValues = ["", "N/A", "[N/A]", "None", "Not Supported", "[Not Supported]", "Unknown", "Unknown Error", "[Unknown Error]", "ERR!"];

    public MissingFields Missing { get; } = new();

    /// <summary>The text itself, unless it says that there is none.</summary>
    public string? Text(string field, params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            if (Raw(path) is not { } value)
                continue;
            if (!NoValues.Contains(value, StringComparer.OrdinalIgnoreCase))
                return value;
            Note(field, path, value);
        }
        Missing.Add(field, $"{paths[0]} is not in the output"); // what was there and is no value has been noted before
        return null;
    }

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/> in its base unit, from the first path that has one.</summary>
    public double? Number(string field, FrozenDictionary<string, double> units, double least, double most, params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            if (Raw(path) is not { } value)
                continue;
            if (MeasuredText.Read(value, units) is { } number && number >= least && number <= most)
                return number;
            Note(field, path, value);
        }
        Missing.Add(field, $"{paths[0]} is not in the output"); // what was there and is no value has been noted before
        return null;
    }

    public double? Share(string field, params ReadOnlySpan<string> paths) => Number(field, MeasuredText.Share, 0, 1, paths);

    public double? Celsius(string field, params ReadOnlySpan<string> paths) => Number(field, MeasuredText.Celsius, -GpuUnits.MaxCelsius, GpuUnits.MaxCelsius, paths);

    public double? Watts(string field, params ReadOnlySpan<string> paths) => Number(field, MeasuredText.Watts, 0, GpuUnits.MaxWatts, paths);

    public int? Mhz(string field, params ReadOnlySpan<string> paths) => (int?)Number(field, MeasuredText.Mhz, 0, GpuUnits.MaxMhz, paths);

    public double? BytesPerSecond(string field, params ReadOnlySpan<string> paths) =>
        Number(field, MeasuredText.BytesPerSecond, 0, GpuUnits.MaxBytesPerSecond, paths);

    public long? Count(string field, params ReadOnlySpan<string> paths) => (long?)Number(field, MeasuredText.Count, 0, GpuUnits.MaxCount, paths);

    public long? Bytes(string field, FrozenDictionary<string, double> units, params ReadOnlySpan<string> paths) =>
        (long?)Number(field, units, 0, GpuUnits.MaxBytes, paths);

    /// <summary>A flag in words.</summary>
    public bool? Flag(string field, params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            if (Raw(path) is not { } value)
                continue;
            if (Word(value) is { } flag)
                return flag;
            Note(field, path, value);
        }
        Missing.Add(field, $"{paths[0]} is not in the output"); // what was there and is no value has been noted before
        return null;
    }

    public void Note(string field, string path, string value) =>
        Missing.Add(field, $"{path} is '{(value.Length > MostCharacters ? value[..MostCharacters] : value)}'");

    public static bool? Word(string text) => text switch
    {
        "Yes" or "Enabled" or "Active" or "ACTIVE" => true,
        "No" or "Disabled" or "Not Active" or "NOT ACTIVE" => false,
        _ => null,
    };

    private string? Raw(string path) => text(path)?.Trim();
}
