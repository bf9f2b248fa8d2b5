using System.Globalization;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Simulator.Network;

/// <summary>Round trips between cells from a file: a square of numbers in milliseconds, separated by commas or blanks; <c>.gz</c> is unpacked.</summary>
internal sealed class RttMatrix
{
    private readonly double[] _seconds;
    private readonly int _size;

    private RttMatrix(double[] seconds, int size) => (_seconds, _size) = (seconds, size);

    public int Size => _size;

    public double Seconds(int from, int to) => _seconds[from * _size + to];

    /// <summary>Reads a file. A 0 off the diagonal is a pair that was not measured: it gets the shortest way over one other cell.</summary>
    /// <exception cref="FormatException">It is no square of numbers; the message names the line.</exception>
    public static RttMatrix Load(string path)
    {
        using var reader = TraceFile.OpenText(path);
        return Read(reader);
    }

    public static RttMatrix Read(TextReader reader)
    {
        var rows = new List<double[]>();
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            var fields = line.Split([',', ';', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            var row = new double[fields.Length];
            for (var i = 0; i < row.Length; i++)
            {
                if (!double.TryParse(fields[i], NumberStyles.Float, CultureInfo.InvariantCulture, out row[i]) || !(row[i] is >= 0 and < 1e7))
                    throw new FormatException($"line {number}: '{fields[i]}' is no round trip in milliseconds");
            }

            if (rows.Count > 0 && row.Length != rows[0].Length) throw new FormatException($"line {number} has {row.Length} numbers, the first has {rows[0].Length}");
            rows.Add(row);
        }

        if (rows.Count == 0 || rows.Count != rows[0].Length) throw new FormatException($"the file has {rows.Count} rows of {(rows.Count == 0 ? 0 : rows[0].Length)} numbers; it must be a square");
        return Complete(rows);
    }

    private static RttMatrix Complete(List<double[]> rows)
    {
        var size = rows.Count;
        var seconds = new double[size * size];
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j < size; j++) seconds[i * size + j] = (i == j || rows[i][j] > 0 ? rows[i][j] : Relayed(rows, i, j)) / 1e3;
        }

        return new(seconds, size);
    }

    private static double Relayed(List<double[]> rows, int from, int to)
    {
        var least = double.PositiveInfinity;
        for (var k = 0; k < rows.Count; k++)
        {
            if (k != from && k != to && rows[from][k] > 0 && rows[k][to] > 0) least = Math.Min(least, rows[from][k] + rows[k][to]);
        }

        return double.IsFinite(least) ? least : throw new FormatException($"there is no round trip from {from} to {to}, not even over another cell");
    }
}
