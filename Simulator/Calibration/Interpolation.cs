namespace InferMesh.Simulator.Calibration;

/// <summary>A measured curve: linear between its points, extended along its last ones, held before its first.</summary>
internal sealed class Curve
{
    private readonly double[] _x, _y;

    public Curve(IEnumerable<KeyValuePair<int, double>> points)
    {
        var sorted = points.OrderBy(static point => point.Key).ToArray();
        _x = Array.ConvertAll(sorted, static point => (double)point.Key);
        _y = Array.ConvertAll(sorted, static point => point.Value);
    }

    public double At(double x)
    {
        if (x <= _x[0] || _x.Length == 1)
            return _y[0];

        var i = Axis.Below(_x, x, out var share);
        return _y[i] + (_y[i + 1] - _y[i]) * share;
    }
}

/// <summary>Positions on an axis of a grid.</summary>
internal static class Axis
{
    /// <summary>Index of the point below, at most the last but one, and how far on the way to the next (more than 1 beyond the end).</summary>
    public static int Below(double[] axis, double x, out double share)
    {
        var i = Array.BinarySearch(axis, x);
        i = Math.Clamp(i < 0 ? ~i - 1 : i, 0, Math.Max(0, axis.Length - 2));
        share = axis.Length == 1 ? 0 : Math.Max(0, (x - axis[i]) / (axis[i + 1] - axis[i]));
        return i;
    }
}
