using System.Globalization;

namespace InferMesh.Adapters.Gpu.Dcgm;

/// <summary>Reads metrics of one GPU or slice as fields; what is absent, blank or out of range is null, and noted.</summary>
internal sealed class DcgmFieldReader(Func<string, double?> value)
{
    public MissingFields Missing { get; } = new();

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/> after scaling, from the first metric that has one.</summary>
    public double? Number(string field, double scale, double least, double most, params ReadOnlySpan<string> metrics)
    {
        foreach (var metric in metrics)
        {
            if (value(metric) is not { } raw)
                continue;
            if (DcgmBlank.Reason(raw) is { } reason)
                Missing.Add(field, $"{metric}: {reason}");
            else if (raw * scale >= least && raw * scale <= most)
                return raw * scale;
            else
                Missing.Add(field, string.Create(CultureInfo.InvariantCulture, $"{metric} is {raw}, which is out of range"));
        }
        Missing.Add(field, $"the page has no {metrics[0]}"); // what was there and is no value has been noted before
        return null;
    }

    /// <summary>A share from 0 to 1; profiling overshoots by a little at full load.</summary>
    public double? Share(string field, double scale, params ReadOnlySpan<string> metrics)
    {
        const double Overshoot = 1.05;
        return Number(field, scale, 0, Overshoot, metrics) is { } share ? Math.Min(share, 1) : null;
    }

    /// <summary>A whole number from 0.</summary>
    public long? Count(string field, double scale, double most, params ReadOnlySpan<string> metrics) =>
        Number(field, scale, 0, most, metrics) is { } count ? (long)count : null;

    /// <summary>A flag: anything above zero.</summary>
    public bool? Flag(string field, string metric) => Number(field, 1, 0, GpuUnits.MaxCount, metric) is { } flag ? flag > 0 : null;

    /// <summary>The sum of metrics that only mean something together.</summary>
    public long? Sum(string field, params ReadOnlySpan<string> metrics)
    {
        var sum = 0L;
        foreach (var metric in metrics)
        {
            if (Count(field, 1, GpuUnits.MaxCount, metric) is not { } count)
                return null;
            sum += count;
        }
        return sum;
    }
}
