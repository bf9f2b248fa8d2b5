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
/// node along the spring between the two, the more the less it knows. The paper's constant share c_c is the node's own error here: a node that
/// knows nothing jumps, one that has found its place is no longer shaken by each measurement. Pure.
/// </summary>
public static class Vivaldi
{
    /// <summary>Least height in milliseconds: a node is never inside the core.</summary>
    public const double LeastHeightMs = 0.01;

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
        return Move(self, peer, moving * weight * (rttMs - estimate), direction) with { Error = moving };
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
            var parting = Parting(position.Length, direction);
            for (var i = 0; i < position.Length; i++) position[i] = self.Position[i] + force * parting[i];
            return self with { Position = position };
        }

        for (var i = 0; i < position.Length; i++) position[i] = self.Position[i] + force * (self.Position[i] - peer.Position[i]) / (distance + heights);
        return self with { Position = position, HeightMs = Math.Max(LeastHeightMs, self.HeightMs + force * heights / (distance + heights)) };
    }

    // A unit vector in the direction in which two nodes at one place part. It must have a part of every axis: forces lie along what sets nodes apart, so an axis that is never used here stays unused.
    private static double[] Parting(int dimensions, double direction)
    {
        if (dimensions == 1) return [direction < 0.5 ? -1 : 1];
        var vector = new double[dimensions];
        for (var i = 0; i < dimensions; i++)
        {
            var angle = 2 * Math.PI * direction * (i / 2 + 1);
            vector[i] = i % 2 == 0 ? Math.Cos(angle) : Math.Sin(angle);
        }

        // Never zero: the first two are on the unit circle.
        var length = Math.Sqrt(vector.Sum(x => x * x));
        return Array.ConvertAll(vector, x => x / length);
    }
}
