using System.Globalization;
using System.Text;

namespace InferMesh.Cli.Sim.Output;

/// <summary>Comma-separated text: a header, rows of as many fields, a full stop in numbers, line feeds.</summary>
internal sealed class Csv(params IReadOnlyList<string> columns)
{
    private readonly StringBuilder _text = new(string.Join(',', columns.Select(Field)) + "\n");

    public void Row(params IReadOnlyList<string> fields)
    {
        if (fields.Count != columns.Count) throw new ArgumentException($"{fields.Count} fields for {columns.Count} columns.", nameof(fields));
        _text.AppendJoin(',', fields.Select(Field)).Append('\n');
    }

    public override string ToString() => _text.ToString();

    /// <summary>Six significant digits and no exponent.</summary>
    public static string Number(double value)
    {
        if (value == 0 || !double.IsFinite(value)) return value == 0 ? "0" : "";
        var decimals = Math.Clamp(5 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 15);
        return Math.Round(value, decimals).ToString("0.###############", CultureInfo.InvariantCulture);
    }

    public static string Number(double? value) => value is { } number ? Number(number) : "";

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Header and rows of a text written by this class; null when it is none.</summary>
    public static (IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)? Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Split).ToArray();
        return lines.Length > 0 && lines.All(l => l.Count == lines[0].Count) ? (lines[0], lines[1..]) : null;
    }

    private static string Field(string text) => text.AsSpan().IndexOfAny(",\"\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static List<string> Split(string line)
    {
        var (fields, field, quoted) = (new List<string>(), new StringBuilder(), false);
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (c == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"') field.Append(line[i++]);
            else if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted) { fields.Add(field.ToString()); field.Clear(); }
            else if (c != '\r') field.Append(c);
        }
        fields.Add(field.ToString());
        return fields;
    }
}
