using System.Globalization;

namespace InferMesh.Cli.Sim.Matrix;

/// <summary>Numbers and times of a matrix: <c>0.8</c>, <c>1s</c>, <c>250ms</c>, <c>50us</c>.</summary>
internal static class MatrixValue
{
    private static readonly (string Suffix, double Seconds)[] Units = [("us", 1e-6), ("ms", 1e-3), ("s", 1)];

    public static bool TryNumber(string text, out double value)
    {
        var (suffix, unit) = Array.Find(Units, u => text.EndsWith(u.Suffix, StringComparison.Ordinal)) is { Suffix: not null } found ? found : ("", 1.0);
        var ok = double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
        value *= unit;
        return ok;
    }
}
