using System.IO.Compression;

namespace InferMesh.Simulator.Workload.Traces;

/// <summary>Opens a trace, gzip or plain, and reads its records in time order.</summary>
public static class TraceFile
{
    /// <summary>Names of the formats.</summary>
    public const string FormatNames = "azure, mooncake, burstgpt, csv";

    /// <summary>Reads every record; sorted by time, the first at zero.</summary>
    /// <exception cref="FormatException">The file is empty or malformed; the message names the line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is no gzip file, as its name says.</exception>
    public static List<TraceRecord> Read(string path, TraceFormat format)
    {
        using var reader = OpenText(path);
        return Read(reader, format);
    }

    /// <summary>Reads every record; sorted by time, the first at zero.</summary>
    /// <exception cref="FormatException">The text is empty or malformed; the message names the line.</exception>
    public static List<TraceRecord> Read(TextReader reader, TraceFormat format)
    {
        var records = format == TraceFormat.Mooncake ? MooncakeTraceReader.Read(reader) : CsvTraceReader.Read(reader, skipUnanswered: format == TraceFormat.BurstGpt);
        if (records.Count == 0) throw new FormatException("the file has no record");
        return Normalise(records);
    }

    /// <summary>Reads the name of a format, letter case aside.</summary>
    public static bool TryParseFormat(string text, out TraceFormat format)
    {
        ArgumentNullException.ThrowIfNull(text);
        (var known, format) = text.ToUpperInvariant() switch
        {
            "AZURE" => (true, TraceFormat.Azure),
            "MOONCAKE" => (true, TraceFormat.Mooncake),
            "BURSTGPT" => (true, TraceFormat.BurstGpt),
            "CSV" => (true, TraceFormat.Csv),
            _ => (false, default),
        };
        return known;
    }

    /// <summary>The name of a format.</summary>
    public static string NameOf(TraceFormat format) => format switch
    {
        TraceFormat.Azure => "azure",
        TraceFormat.Mooncake => "mooncake",
        TraceFormat.BurstGpt => "burstgpt",
        _ => "csv",
    };

    internal static StreamReader OpenText(string path)
    {
        Stream file = File.OpenRead(path);
        return new(path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file);
    }

    private static List<TraceRecord> Normalise(List<TraceRecord> records)
    {
        // Published traces are sorted but for a few rows; a stable sort keeps the order of equal times.
        var sorted = records.OrderBy(static record => record.Offset).ToList();
        var first = sorted[0].Offset;
        for (var i = 0; i < sorted.Count; i++)
            sorted[i] = sorted[i] with { Offset = sorted[i].Offset - first };
        return sorted;
    }
}
