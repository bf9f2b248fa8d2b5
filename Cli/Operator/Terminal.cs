using System.Text;
using System.Text.Json;

namespace InferMesh.Cli.Operator;

/// <summary>Texts for a terminal. Names, reasons and evidence come from others: nothing of them may steer it.</summary>
internal static class Terminal
{
    public static string Clean(string value) => string.Concat(value.Select(static c => char.IsControl(c) || IsDirection(c) ? ' ' : c));

    public static string Quoted(string value)
    {
        var clean = Clean(value);
        return clean.Contains(' ', StringComparison.Ordinal) ? $"\"{clean.Replace("\"", "'", StringComparison.Ordinal)}\"" : clean;
    }

    /// <summary>One line of JSON; written anew, so that what is not ASCII is escaped.</summary>
    public static string Json(JsonElement element) => JsonSerializer.Serialize(element);

    /// <summary>Columns beside each other; the last one ends where it ends.</summary>
    public static string Table(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        IReadOnlyList<string>[] lines = [header, .. rows.Select(static row => row.Select(Clean).ToArray())];
        int[] widths = [.. header.Select((_, column) => lines.Max(line => line[column].Length))];
        var text = new StringBuilder();
        foreach (var line in lines)
            text.AppendLine(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        return text.ToString().TrimEnd();
    }

    // Marks that turn the direction of what follows.
    private static bool IsDirection(char c) => c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
