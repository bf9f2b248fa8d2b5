using System.Globalization;

namespace InferMesh.Cli.Sim.Report;

/// <summary>Maps values to places on a line and finds round marks for it.</summary>
internal sealed class Axis
{
    private readonly double _low;
    private readonly double _high;

    private Axis(double low, double high, bool isLog, IReadOnlyList<double> marks) => (_low, _high, IsLog, Marks) = (low, high, isLog, marks);

    public bool IsLog { get; }

    public IReadOnlyList<double> Marks { get; }

    /// <summary>An axis from 0 (or from the least value, where that is negative or <paramref name="fromZero"/> is not asked for).</summary>
    public static Axis Linear(IEnumerable<double> values, bool fromZero = true)
    {
        var all = values.Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        double low = fromZero ? Math.Min(0, all.Min()) : all.Min(), high = all.Max();
        if (high <= low) high = low + 1;
        var rough = (high - low) / 5;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = new[] { 1, 2, 2.5, 5, 10 }.First(s => s * power >= rough * 0.999) * power;
        var first = Math.Floor(low / step);
        var last = Math.Ceiling(high / step - 1e-9);
        double[] marks = [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
        return fromZero ? new(marks[0], marks[^1], false, marks) : new(low, high, false, [.. marks.Where(m => m >= low && m <= high)]);
    }

    /// <summary>A logarithmic axis over the positive values.</summary>
    public static Axis Log(IEnumerable<double> values)
    {
        var all = values.Where(static v => v > 0 && double.IsFinite(v)).DefaultIfEmpty(1).ToArray();
        double low = Math.Floor(Math.Log10(all.Min()) * 2) / 2, high = Math.Ceiling(Math.Log10(all.Max()) * 2) / 2;
        if (high <= low) high = low + 0.5;
        int[] digits = high - low > 4 ? [1] : high - low > 2 ? [1, 3] : [1, 2, 5];
        var marks = Enumerable.Range((int)Math.Floor(low), (int)Math.Ceiling(high) - (int)Math.Floor(low) + 1)
            .SelectMany(power => digits.Select(d => d * Math.Pow(10, power))).Where(m => Math.Log10(m) >= low - 1e-9 && Math.Log10(m) <= high + 1e-9);
        return new(low, high, true, [.. marks]);
    }

    /// <summary>An axis with marks at given values.</summary>
    public static Axis At(IReadOnlyList<double> values) => values.Count < 2 || values.Max() <= values.Min()
        ? new(values.DefaultIfEmpty(0).Min() - 0.5, values.DefaultIfEmpty(0).Min() + 0.5, false, values)
        : new(values.Min(), values.Max(), false, values);

    /// <summary>Place of a value, 0 to 1.</summary>
    public double At(double value)
    {
        var v = IsLog ? Math.Log10(Math.Max(value, 1e-300)) : value;
        return Math.Clamp((v - _low) / (_high - _low), 0, 1);
    }

    /// <summary>A mark's text: three significant digits, thousands and millions shortened.</summary>
    public static string Text(double value)
    {
        var size = Math.Abs(value);
        return size >= 1e6 ? $"{Digits(value / 1e6)}M" : size >= 1e4 ? $"{Digits(value / 1e3)}k" : Digits(value);
    }

    private static string Digits(double value)
    {
        if (value == 0) return "0";
        var decimals = Math.Clamp(2 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 12);
        return Math.Round(value, decimals).ToString("0.############", CultureInfo.InvariantCulture);
    }
}
