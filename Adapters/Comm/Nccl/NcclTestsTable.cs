using System.Globalization;
using System.Text.RegularExpressions;

namespace InferMesh.Adapters.Comm.Nccl;

/// <summary>What a program of nccl-tests (or rccl-tests) printed: one table per run. Lines that are none of the table's are passed over; nothing throws.</summary>
public sealed partial class NcclTestsTable
{
    private const double Giga = 1e9;
    private const int TimingColumns = 4;
    private const int MaxRows = 4096;
    private const int MaxLineCharacters = 1024;

    private NcclTestsTable(IReadOnlyList<NcclTestsDevice> devices, IReadOnlyList<NcclTestsRow> rows, double? averageBusBytesPerSecond) =>
        (Devices, Rows, AverageBusBytesPerSecond) = (devices, rows, averageBusBytesPerSecond);

    /// <summary>Devices by rank, as far as they were named.</summary>
    public IReadOnlyList<NcclTestsDevice> Devices { get; }

    /// <summary>Rows in the order in which they were printed.</summary>
    public IReadOnlyList<NcclTestsRow> Rows { get; }

    /// <summary>The program's own average over all sizes; null when it did not get that far.</summary>
    public double? AverageBusBytesPerSecond { get; }

    /// <summary>The greatest bandwidth of the links that any size reached; null without a row.</summary>
    public double? PeakBusBytesPerSecond =>
        Rows.SelectMany(static r => new[] { r.OutOfPlace, r.InPlace }).OfType<NcclTestsTiming>().Select(static t => (double?)t.BusBytesPerSecond).Max();

    /// <summary>Reads what was printed, whole or cut off; at most 4,096 rows.</summary>
    /// <param name="text">Standard output of the program.</param>
    public static NcclTestsTable Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<NcclTestsDevice> devices = [];
        List<NcclTestsRow> rows = [];
        double? average = null;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace() || line.Length > MaxLineCharacters)
                continue;
            if (line[0] == '#')
                average = ReadComment(line.ToString(), devices) ?? average;
            else if (rows.Count < MaxRows && ReadRow(line.ToString()) is { } row)
                rows.Add(row);
        }
        return new NcclTestsTable(devices, rows, average);
    }

    private static double? ReadComment(string line, List<NcclTestsDevice> devices)
    {
        if (Device().Match(line) is { Success: true } device && devices.Count < MaxRows
            && int.TryParse(device.Groups["rank"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var rank)
            && int.TryParse(device.Groups["device"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            devices.Add(new NcclTestsDevice(rank, device.Groups["host"].Value, number, device.Groups["name"].Value.Trim()));
        return Average().Match(line) is { Success: true } average ? Number(average.Groups[1].Value) * Giga : null;
    }

    /// <summary>Columns are told apart from both ends: an alltoall leaves the one of the reduction empty.</summary>
    private static NcclTestsRow? ReadRow(string line)
    {
        var columns = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        const int Leading = 3;
        var timings = columns.Length >= Leading + 2 * TimingColumns ? 2 : columns.Length >= Leading + TimingColumns ? 1 : 0;
        if (timings == 0 || !Count(columns[0], out var size) || !Count(columns[1], out var elements))
            return null;
        var first = columns.Length - timings * TimingColumns;
        var between = columns[Leading..first];
        if (between.Length > 2)
            return null;
        var outOfPlace = Timing(columns.AsSpan(first, TimingColumns));
        var inPlace = timings == 2 ? Timing(columns.AsSpan(first + TimingColumns, TimingColumns)) : null;
        if (outOfPlace is null && inPlace is null)
            return null;
        var root = between.Length > 0 && int.TryParse(between[^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var rank) ? rank : (int?)null;
        // Where there is none, newer programs print "none" and -1.
        var reduction = between.Length > (root is null ? 0 : 1) && between[0] != "none" ? between[0] : "";
        return new NcclTestsRow(size, elements, columns[2], reduction, root is >= 0 ? root : null, outOfPlace, inPlace);
    }

    private static NcclTestsTiming? Timing(ReadOnlySpan<string> columns) =>
        Number(columns[0]) is { } time && Number(columns[1]) is { } algorithm && Number(columns[2]) is { } bus
            ? new NcclTestsTiming(time, algorithm * Giga, bus * Giga, Wrong(columns[3]))
            : null;

    /// <summary>Older programs print the greatest error in its place: 0 says that nothing was wrong, any other says nothing of how many.</summary>
    private static long? Wrong(string text) => Number(text) is { } number && number >= 0 && number <= long.MaxValue / 2 && Math.Floor(number) == number ? (long)number : null;

    private static bool Count(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && number >= 0 ? number : null;

    [GeneratedRegex(@"^#\s+Rank\s+(?<rank>\d{1,9}) (Group\s+\d+ )?Pid\s+\d+ on\s+(?<host>\S+) device\s+(?<device>\d{1,9}) \[[^\]]*\] (?<name>.+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Device();

    [GeneratedRegex(@"^# Avg bus bandwidth\s*: (\S+)")]
    private static partial Regex Average();
}
