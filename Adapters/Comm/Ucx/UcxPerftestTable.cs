using System.Globalization;
using System.Text.RegularExpressions;

namespace InferMesh.Adapters.Comm.Ucx;

/// <summary>One row: the state of the test after so many iterations.</summary>
/// <param name="Stage">What wrote it: <c>Final</c>, <c>thread 0</c>, or "" for a row in between.</param>
/// <param name="Iterations">Iterations so far.</param>
/// <param name="TypicalMicroseconds">Median, or what older programs call typical, in microseconds.</param>
/// <param name="AverageMicroseconds">Mean since the row before, in microseconds.</param>
/// <param name="OverallMicroseconds">Mean since the start, in microseconds.</param>
/// <param name="AverageBytesPerSecond">Bandwidth since the row before.</param>
/// <param name="OverallBytesPerSecond">Bandwidth since the start.</param>
/// <param name="AverageMessagesPerSecond">Messages per second since the row before.</param>
/// <param name="OverallMessagesPerSecond">Messages per second since the start.</param>
public sealed record UcxPerftestRow(
    string Stage, long Iterations, double TypicalMicroseconds, double AverageMicroseconds, double OverallMicroseconds,
    double AverageBytesPerSecond, double OverallBytesPerSecond, double AverageMessagesPerSecond, double OverallMessagesPerSecond);

/// <summary>What <c>ucx_perftest</c> printed, with or without the stage of newer programs. Lines that are none of the table's are passed over; nothing throws.</summary>
public sealed partial class UcxPerftestTable
{
    /// <summary>The program prints MB/s and divides by 2^20.</summary>
    private const double BytesPerMegabyte = 1 << 20;

    private const int Columns = 8;
    private const int MaxRows = 4096;
    private const int MaxLineCharacters = 1024;

    private UcxPerftestTable(IReadOnlyList<UcxPerftestRow> rows, string? test, long? messageBytes) => (Rows, Test, MessageBytes) = (rows, test, messageBytes);

    /// <summary>Rows in the order in which they were printed.</summary>
    public IReadOnlyList<UcxPerftestRow> Rows { get; }

    /// <summary>Name of the test, such as <c>tag match bandwidth</c>; null when it was not printed, as on the side that starts it.</summary>
    public string? Test { get; }

    /// <summary>Size of a message in bytes; null when it was not printed.</summary>
    public long? MessageBytes { get; }

    /// <summary>The result: the row that says so, else the last one; null without a row.</summary>
    public UcxPerftestRow? Final => Rows.LastOrDefault(static row => row.Stage == "Final") ?? (Rows.Count > 0 ? Rows[^1] : null);

    /// <summary>Reads what was printed, whole or cut off; at most 4,096 rows.</summary>
    /// <param name="text">Standard output of the program.</param>
    public static UcxPerftestTable Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<UcxPerftestRow> rows = [];
        string? test = null;
        long? bytes = null;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace() || line.Length > MaxLineCharacters)
                continue;
            if (line.TrimStart()[0] == '|')
                ReadHeading(line.ToString(), ref test, ref bytes);
            else if (rows.Count < MaxRows && ReadRow(line.ToString()) is { } row)
                rows.Add(row);
        }
        return new UcxPerftestTable(rows, test, bytes);
    }

    private static void ReadHeading(string line, ref string? test, ref long? bytes)
    {
        if (Heading().Match(line) is not { Success: true } heading)
            return;
        var value = heading.Groups["value"].Value.Trim();
        if (heading.Groups["key"].Value == "Test")
            test ??= value.Length > 0 ? value : null;
        else
            bytes ??= long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static UcxPerftestRow? ReadRow(string line)
    {
        if (Row().Match(line) is not { Success: true } match)
            return null;
        var columns = match.Groups["numbers"].Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (columns.Length != Columns || !long.TryParse(columns[0], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations))
            return null;
        var numbers = Array.ConvertAll(columns[1..], Number);
        if (numbers.Contains(null))
            return null;
        var (typical, average, overall) = (numbers[0]!.Value, numbers[1]!.Value, numbers[2]!.Value);
        return new UcxPerftestRow(
            match.Groups["stage"].Value.Trim(), iterations, typical, average, overall,
            numbers[3]!.Value * BytesPerMegabyte, numbers[4]!.Value * BytesPerMegabyte, numbers[5]!.Value, numbers[6]!.Value);
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number <= MaxNumber ? number : null;

    /// <summary>Above all that can be measured, and low enough to be scaled.</summary>
    private const double MaxNumber = 1e18;

    [GeneratedRegex(@"^\s*(\[?(?<stage>Final|thread \d{1,6})[\]:]?:?)?(?<numbers>(\s+[0-9.]{1,32}){8})\s*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\s*\|\s*(?<key>Test|Message size):(?<value>[^|]*)\|", RegexOptions.ExplicitCapture)]
    private static partial Regex Heading();
}
