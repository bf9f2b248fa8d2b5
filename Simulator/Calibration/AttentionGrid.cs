namespace InferMesh.Simulator.Calibration;

/// <summary>
/// Measured attention of one layer over (tokens of the prefill chunk, its history, decoding sequences, their context), interpolated
/// linearly on each axis. Points that were not measured are composed of the prefill and the decode alone.
/// </summary>
internal sealed class AttentionGrid
{
    private readonly double[][] _axes;
    private readonly double[] _values;

    /// <summary>Makes the grid from rows of chunk, history, decodes, context and microseconds.</summary>
    public AttentionGrid(IReadOnlyCollection<(int Chunk, int History, int Decodes, int Context, double Microseconds)> rows)
    {
        var points = rows.ToDictionary(static row => (row.Chunk, row.History, row.Decodes, row.Context), static row => row.Microseconds);
        _axes =
        [
            Points(rows.Select(static row => row.Chunk)), Points(rows.Select(static row => row.History)),
            Points(rows.Select(static row => row.Decodes)), Points(rows.Select(static row => row.Context)),
        ];
        _values = new double[_axes.Aggregate(1, static (size, axis) => size * axis.Length)];
        var at = 0;
        foreach (int chunk in _axes[0])
        {
            foreach (int history in _axes[1])
            {
                foreach (int decodes in _axes[2])
                {
                    foreach (int context in _axes[3])
                        _values[at++] = Value(points, chunk, history, decodes, context);
                }
            }
        }
    }

    /// <summary>Microseconds of one layer.</summary>
    public double At(double chunk, double history, double decodes, double context)
    {
        Span<int> below = stackalloc int[4];
        Span<double> share = stackalloc double[4];
        ReadOnlySpan<double> position = [chunk, history, decodes, context];
        for (var axis = 0; axis < 4; axis++)
            below[axis] = Axis.Below(_axes[axis], position[axis], out share[axis]);

        var sum = 0.0;
        for (var corner = 0; corner < 16; corner++)
        {
            var weight = 1.0;
            var index = 0;
            for (var axis = 0; axis < 4; axis++)
            {
                var upper = (corner >> axis) & 1;
                weight *= upper == 1 ? share[axis] : 1 - share[axis];
                index = index * _axes[axis].Length + Math.Min(below[axis] + upper, _axes[axis].Length - 1);
            }

            sum += weight == 0 ? 0 : weight * _values[index];
        }

        return sum;
    }

    private static double Value(Dictionary<(int, int, int, int), double> points, int chunk, int history, int decodes, int context)
    {
        // Nothing to prefill has no history, nothing to decode no context.
        (history, context) = (chunk == 0 ? 0 : history, decodes == 0 ? 0 : context);
        if (points.TryGetValue((chunk, history, decodes, context), out var measured))
            return measured;
        if (chunk == 0 && decodes == 0)
            return 0;
        if (chunk == 0 || decodes == 0)
            return Nearest(points, chunk, history, decodes, context);

        return Value(points, chunk, history, 0, 0) + Value(points, 0, 0, decodes, context);
    }

    // Beyond the measured corner: as much as the work grows over the nearest smaller point.
    private static double Nearest(Dictionary<(int, int, int, int), double> points, int chunk, int history, int decodes, int context)
    {
        var (bestWork, best) = (0.0, 0.0);
        var work = Work(chunk, history, decodes, context);
        foreach (var (key, value) in points.OrderBy(static point => point.Key))
        {
            var (c, h, d, x) = key;
            if (c <= chunk && h <= history && d <= decodes && x <= context && Work(c, h, d, x) > bestWork)
                (bestWork, best) = (Work(c, h, d, x), value);
        }

        return bestWork == 0 ? 0 : best * work / bestWork;
    }

    private static double Work(double chunk, double history, double decodes, double context) => chunk * (history + chunk / 2) + decodes * context;

    private static double[] Points(IEnumerable<int> values) => [.. values.Append(0).Distinct().Order().Select(static value => (double)value)];
}
