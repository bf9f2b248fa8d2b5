using System.IO.Compression;

namespace InferMesh.Cli.Replay;

/// <summary>Opens a trace, gzip or plain, and reads its records in time order.</summary>
internal static class TraceFile
{
    /// <summary>Reads every record; sorted by time, the first at zero.</summary>
    /// <exception cref="UsageException">The file is missing, empty or malformed; the message names the line.</exception>
    public static List<TraceRecord> Read(string path, TraceFormat format)
    {
        try
        {
            using var file = File.OpenRead(path);
            using Stream stream = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var reader = new StreamReader(stream);
            return Read(reader, format);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new UsageException($"--trace: cannot read '{path}': {exception.Message}");
        }
    }

    public static List<TraceRecord> Read(TextReader reader, TraceFormat format)
    {
        List<TraceRecord> records;
        try
        {
            records = format == TraceFormat.Mooncake ? MooncakeTraceReader.Read(reader) : CsvTraceReader.Read(reader);
        }
        catch (FormatException exception)
        {
            throw new UsageException($"--trace: {exception.Message}; is --format {NameOf(format)} right?");
        }

        if (records.Count == 0)
            throw new UsageException("--trace: the file has no record");
        return Normalise(records);
    }

    public static bool TryParseFormat(string text, out TraceFormat format)
    {
        (var known, format) = text.ToUpperInvariant() switch
        {
            "AZURE" => (true, TraceFormat.Azure),
            "MOONCAKE" => (true, TraceFormat.Mooncake),
            "CSV" => (true, TraceFormat.Csv),
            _ => (false, default),
        };
        return known;
    }

    public static string NameOf(TraceFormat format) => format switch
    {
        TraceFormat.Azure => "azure",
        TraceFormat.Mooncake => "mooncake",
        _ => "csv",
    };

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
