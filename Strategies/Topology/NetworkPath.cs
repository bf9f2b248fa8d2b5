namespace InferMesh.Strategies.Topology;

/// <summary>A place that requests come from: one that nodes measure their round trip to.</summary>
/// <param name="Name">Its name, as nodes give it with their measurements.</param>
/// <param name="Coordinate">Where it is; null when unknown.</param>
/// <param name="Version">Another one when the coordinate is: two with equal name and version are at one place.</param>
public sealed record OriginPlace(string Name, VivaldiCoordinate? Coordinate, long Version = 0);

/// <summary>A round trip that a node measured.</summary>
/// <param name="Place">Name of the place at the other end.</param>
/// <param name="Milliseconds">Milliseconds.</param>
public readonly record struct MeasuredRtt(string Place, double Milliseconds);

/// <summary>What is known of a node's network.</summary>
/// <param name="Coordinate">Where it is; null when unknown.</param>
/// <param name="Rtts">Round trips to the places that it measured; a few.</param>
/// <param name="BytesPerSecond">What its network ports still let through, one way; <see cref="double.NaN"/> when unknown.</param>
public sealed record NodePlace(VivaldiCoordinate? Coordinate, IReadOnlyList<MeasuredRtt> Rtts, double BytesPerSecond = double.NaN);

/// <summary>What a round trip is known from, best first.</summary>
public enum RttSource : byte
{
    /// <summary>It was measured between these two.</summary>
    Measured = 0,

    /// <summary>The coordinates of both tell.</summary>
    Coordinates,

    /// <summary>Nothing but the class of the link.</summary>
    LinkClass,
}

/// <summary>The way between a place that requests come from and a node.</summary>
public static class NetworkPath
{
    /// <summary>A coordinate whose error is greater says less than the class of the link.</summary>
    public const double MaxError = 0.5;

    /// <summary>Round trip in seconds; <see cref="double.NaN"/> when neither a measurement nor coordinates tell.</summary>
    public static double RttSeconds(OriginPlace from, NodePlace to, out RttSource source)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        source = RttSource.Measured;
        for (var i = 0; i < to.Rtts.Count; i++)
        {
            var (place, ms) = to.Rtts[i];
            if (place == from.Name && ms > 0 && double.IsFinite(ms)) return ms / 1000;
        }
        source = RttSource.Coordinates;
        if (Estimate(from.Coordinate, to.Coordinate) is { } estimate) return estimate;
        source = RttSource.LinkClass;
        return double.NaN;
    }

    /// <summary>Round trip in seconds that two coordinates tell; null when they are not known well enough or are of different spaces.</summary>
    public static double? Estimate(VivaldiCoordinate? a, VivaldiCoordinate? b) =>
        a is { Error: <= MaxError } && b is { Error: <= MaxError } && a.Position.Count == b.Position.Count && a.RttMsTo(b) is var ms && double.IsFinite(ms) ? ms / 1000 : null;
}

/// <summary>What is known of the ways from one place to the targets of a set, in its order.</summary>
internal sealed class OriginDistances(OriginPlace place, NodePlace?[] targets)
{
    public OriginPlace Place { get; } = place;

    /// <summary>Round trip in seconds, measured or from coordinates; <see cref="double.NaN"/> where neither tells.</summary>
    public double[] RttSeconds { get; } = Array.ConvertAll(targets, t => t is null ? double.NaN : NetworkPath.RttSeconds(place, t, out _));

    /// <summary>Bytes per second that the ports of each still let through, above 0; infinite where nobody knows.</summary>
    public double[] BytesPerSecond { get; } = Array.ConvertAll(targets, t => t is { BytesPerSecond: > 0 and var rate } ? rate : double.PositiveInfinity);
}
