namespace InferMesh.Strategies.Topology;

/// <summary>How far two places are apart, as labels tell.</summary>
public enum LinkClass : byte
{
    /// <summary>Nothing is known of either end.</summary>
    Unknown = 0,

    /// <summary>Same zone.</summary>
    SameZone,

    /// <summary>Same region, another zone.</summary>
    SameRegion,

    /// <summary>Another region.</summary>
    Wan,
}

/// <summary>Where a request enters the mesh.</summary>
/// <param name="Zone">Zone of the router; "" when unknown.</param>
/// <param name="Region">Region of the router; "" when unknown.</param>
public readonly record struct Origin(string Zone, string Region);

/// <summary>Rules of <see cref="LinkClass"/>.</summary>
public static class LinkClasses
{
    /// <summary>The link class between an origin and a node; unknown labels on either side give <see cref="LinkClass.Unknown"/>.</summary>
    public static LinkClass Between(in Origin origin, string zone, string region)
    {
        if (!string.IsNullOrEmpty(origin.Region) && !string.IsNullOrEmpty(region) && origin.Region != region) return LinkClass.Wan;
        if (string.IsNullOrEmpty(origin.Zone) || string.IsNullOrEmpty(zone)) return LinkClass.Unknown;
        return origin.Zone == zone ? LinkClass.SameZone : LinkClass.SameRegion;
    }
}
