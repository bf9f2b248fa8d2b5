using System.Globalization;
using System.IO.Compression;

namespace InferMesh.Simulator.Calibration;

/// <summary>Reads comma-separated tables without quotes, as the calibration data has them.</summary>
internal static class GzipCsv
{
    /// <summary>Rows of a file with a header; the columns asked for, in that order. A name that ends in <c>.gz</c> is decompressed.</summary>
    /// <exception cref="InvalidDataException">A column is missing.</exception>
    public static IEnumerable<string[]> Read(string path, params string[] columns)
    {
        using var reader = new StreamReader(Open(path));
        var header = (reader.ReadLine() ?? "").Split(',');
        var indices = Array.ConvertAll(columns, column => Array.IndexOf(header, column));
        var missing = Array.IndexOf(indices, -1);
        if (missing >= 0)
            throw new InvalidDataException($"{path} has no column {columns[missing]}.");

        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0)
                continue;
            var cells = line.Split(',');
            yield return Array.ConvertAll(indices, index => cells[index]);
        }
    }

    /// <summary>Opens a file, decompressing it when its name ends in <c>.gz</c>.</summary>
    public static Stream Open(string path)
    {
        var file = File.OpenRead(path);
        return path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    public static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);

    public static int Whole(string cell) => int.Parse(cell, CultureInfo.InvariantCulture);

    public static long Long(string cell) => long.Parse(cell, CultureInfo.InvariantCulture);
}
