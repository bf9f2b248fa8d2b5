using System.Globalization;

namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>Numbers as the formats write them: Go's floats with NaN and signed infinities in any case.</summary>
internal static class PrometheusNumber
{
    public static bool TryParse(ReadOnlySpan<char> text, out double value)
    {
        value = double.NaN;
        if (text.IsEmpty)
            return false;
        var unsigned = text[0] is '+' or '-' ? text[1..] : text;
        if (unsigned.Equals("inf", StringComparison.OrdinalIgnoreCase) || unsigned.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            value = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }
        if (text.Equals("nan", StringComparison.OrdinalIgnoreCase))
            return true;
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        // .NET would also take its own spellings of infinity; a number here starts with a digit or a point.
        return !unsigned.IsEmpty && (char.IsAsciiDigit(unsigned[0]) || unsigned[0] == '.')
            && double.TryParse(text, Style, CultureInfo.InvariantCulture, out value);
    }
}
