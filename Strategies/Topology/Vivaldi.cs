namespace InferMesh.Strategies.Topology;

/// <summary>A place in Vivaldi's space: Euclidean coordinates and a height, the time to get from the node to the core of the network.</summary>
/// <param name="Position">Coordinates, in milliseconds.</param>
/// <param name="HeightMs">Height in milliseconds, more than 0.</param>
/// <param name="Error">Error of the estimate as a share of it, 0 to 1; 1 at the start.</param>
public sealed record VivaldiCoordinate(IReadOnlyList<double> Position, double HeightMs, double Error)
{
    /// <summary>Where a node without a measurement is: at the origin, knowing nothing.</summary>
    /// <param name="dimensions">Dimensions, 1 or more.</param>
    public static VivaldiCoordinate Origin(int dimensions) => new(new double[dimensions], Vivaldi.LeastHeightMs, 1);

    /// <summary>Estimated round trip to another node in milliseconds.</summary>
    public double RttMsTo(VivaldiCoordinate other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Vivaldi.Distance(Position, other.Position) + HeightMs + other.HeightMs;
    }
}

/// <summary>
/// Vivaldi network coordinates with heights and an adaptive time step (Dabek, Cox, Kaashoek and Morris, SIGCOMM 2004): each measurement pulls a
/// node along the spring between the two, the more the less it knows. Pure.
/// </summary>
public static class Vivaldi
{
    /// <summary>Least height in milliseconds: a node is never inside the core.</summary>
    public const double LeastHeightMs = 0.01;

    /// <summary>Greatest share of an error that one measurement corrects (the paper's c_c).</summary>
    public const double CorrectionShare = 0.25;

    /// <summary>Greatest weight of one measurement in the moving error (the paper's c_e).</summary>
    public const double ErrorShare = 0.25;

    /// <summary>Where a node is after a measurement. A measurement that is no positive number changes nothing.</summary>
    /// <param name="self">Where it was.</param>
    /// <param name="peer">Where the other node says it is; as many dimensions.</param>
    /// <param name="rttMs">Measured round trip in milliseconds.</param>
    /// <param name="direction">Number in [0, 1) that sets the direction in which two nodes at one place part.</param>
    /// <exception cref="ArgumentException">The dimensions differ.</exception>
    public static VivaldiCoordinate Update(VivaldiCoordinate self, VivaldiCoordinate peer, double rttMs, double direction)
    {
        ArgumentNullException.ThrowIfNull(self);
        ArgumentNullException.ThrowIfNull(peer);
        if (self.Position.Count != peer.Position.Count) throw new ArgumentException("The dimensions differ.", nameof(peer));
        if (!(rttMs > 0 && double.IsFinite(rttMs))) return self;

        var estimate = self.RttMsTo(peer);
        // The weight balances what both sides know; two nodes that know all split evenly.
        var known = self.Error + peer.Error;
        var weight = known > 0 ? self.Error / known : 0.5;
        var error = Math.Abs(estimate - rttMs) / rttMs;
        var moving = Math.Clamp(error * ErrorShare * weight + self.Error * (1 - ErrorShare * weight), 0, 1);
        return Move(self, peer, CorrectionShare * weight * (rttMs - estimate), direction) with { Error = moving };
    }

    internal static double Distance(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        var square = 0.0;
        for (var i = 0; i < a.Count; i++) square += (a[i] - b[i]) * (a[i] - b[i]);
        return Math.Sqrt(square);
    }

    // The unit vector of a height space: its coordinates part by the difference, its heights by their sum.
    private static VivaldiCoordinate Move(VivaldiCoordinate self, VivaldiCoordinate peer, double force, double direction)
    {
        var (distance, heights) = (Distance(self.Position, peer.Position), self.HeightMs + peer.HeightMs);
        var position = new double[self.Position.Count];
        if (distance == 0)
        {
            for (var i = 0; i < position.Length; i++) position[i] = self.Position[i] + force * Axis(i, position.Length, direction);
            return self with { Position = position };
        }

        for (var i = 0; i < position.Length; i++) position[i] = self.Position[i] + force * (self.Position[i] - peer.Position[i]) / (distance + heights);
        return self with { Position = position, HeightMs = Math.Max(LeastHeightMs, self.HeightMs + force * heights / (distance + heights)) };
    }

    // A point on the unit circle of the first two axes: any direction parts two nodes at one place.
    private static double Axis(int axis, int dimensions, double direction) => axis switch
    {
        0 => dimensions == 1 ? (direction < 0.5 ? -1 : 1) : Math.Cos(2 * Math.PI * direction),
        1 => Math.Sin(2 * Math.PI * direction),
        _ => 0,
    };
}
