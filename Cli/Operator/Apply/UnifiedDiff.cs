using System.Text;

namespace InferMesh.Cli.Operator.Apply;

/// <summary>Two texts as a unified diff, with three lines around each change.</summary>
internal static class UnifiedDiff
{
    private const int Context = 3;

    // Above this many pairs of lines the whole text is shown as replaced.
    private const long MaxPairs = 25_000_000;

    private const string Red = "\u001b[31m";
    private const string Green = "\u001b[32m";
    private const string Cyan = "\u001b[36m";
    private const string Plain = "\u001b[0m";

    /// <param name="name">Name of what is compared.</param>
    /// <param name="before">Text before; "" when there was none.</param>
    /// <param name="after">Text after.</param>
    /// <param name="colours">Whether to use the colours of a terminal.</param>
    /// <returns>The diff; "" when the texts are the same.</returns>
    public static string Of(string name, string before, string after, bool colours) => Of($"mesh/{name}", $"file/{name}", before, after, colours);

    /// <summary>The same with a name for each of the texts.</summary>
    public static string Of(string nameBefore, string nameAfter, string before, string after, bool colours)
    {
        var lines = Compare(Lines(before), Lines(after));
        if (lines.TrueForAll(static line => line.Mark == ' '))
            return "";
        var text = new StringBuilder();
        Add(text, colours, "", before.Length == 0 ? "--- /dev/null" : $"--- {nameBefore}");
        Add(text, colours, "", $"+++ {nameAfter}");
        foreach (var (start, end) in Hunks(lines))
        {
            var (oldBefore, newBefore) = (Count(lines, 0, start, '+'), Count(lines, 0, start, '-'));
            var (oldLines, newLines) = (Count(lines, start, end, '+'), Count(lines, start, end, '-'));
            Add(text, colours, Cyan, FormattableString.Invariant($"@@ -{(oldLines == 0 ? oldBefore : oldBefore + 1)},{oldLines} +{(newLines == 0 ? newBefore : newBefore + 1)},{newLines} @@"));
            foreach (var (mark, line) in lines[start..end])
                Add(text, colours, mark switch { '-' => Red, '+' => Green, _ => "" }, $"{mark}{line}");
        }

        return text.ToString();
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');

    /// <summary>Lines that are not marked so.</summary>
    private static int Count(List<(char Mark, string Line)> lines, int from, int to, char not)
    {
        var count = 0;
        for (var i = from; i < to; i++)
            count += lines[i].Mark == not ? 0 : 1;
        return count;
    }

    private static void Add(StringBuilder text, bool colours, string colour, string line) =>
        text.Append(colours ? colour : "").Append(Terminal.Clean(line)).Append(colours && colour.Length > 0 ? Plain : "").Append('\n');

    private static IEnumerable<(int Start, int End)> Hunks(List<(char Mark, string Line)> lines)
    {
        var (start, end) = (-1, -1);
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines[i].Mark == ' ')
                continue;
            if (start >= 0 && i - Context > end)
            {
                yield return (start, end);
                start = -1;
            }

            if (start < 0)
                start = Math.Max(0, i - Context);
            end = Math.Min(lines.Count, i + Context + 1);
        }

        if (start >= 0)
            yield return (start, end);
    }

    /// <summary>By the longest common subsequence.</summary>
    private static List<(char Mark, string Line)> Compare(string[] before, string[] after)
    {
        if ((long)before.Length * after.Length > MaxPairs)
            return [.. before.Select(static line => ('-', line)), .. after.Select(static line => ('+', line))];
        var longest = new int[before.Length + 1, after.Length + 1];
        for (var i = before.Length - 1; i >= 0; i--)
        {
            for (var j = after.Length - 1; j >= 0; j--)
                longest[i, j] = before[i] == after[j] ? longest[i + 1, j + 1] + 1 : Math.Max(longest[i + 1, j], longest[i, j + 1]);
        }

        var lines = new List<(char, string)>();
        for (int i = 0, j = 0; i < before.Length || j < after.Length;)
        {
            if (i < before.Length && j < after.Length && before[i] == after[j])
                (lines, i, j) = (With(lines, ' ', before[i]), i + 1, j + 1);
            else if (j >= after.Length || (i < before.Length && longest[i + 1, j] >= longest[i, j + 1]))
                lines = With(lines, '-', before[i++]);
            else
                lines = With(lines, '+', after[j++]);
        }

        return lines;
    }

    private static List<(char Mark, string Line)> With(List<(char Mark, string Line)> lines, char mark, string line)
    {
        lines.Add((mark, line));
        return lines;
    }
}
