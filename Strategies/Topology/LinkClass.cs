namespace InferMesh.Strategies.Topology;

/// <summary>How far two places are apart, as labels and machines tell.</summary>
public enum LinkClass : byte
{
    /// <summary>Nothing is known of either end.</summary>
    Unknown = 0,

    /// <summary>Same zone.</summary>
    Zone,

    /// <summary>Same region, another zone.</summary>
    Region,

    /// <summary>Another region.</summary>
    Wan,

    /// <summary>Same rack, another machine.</summary>
    Rack,

    /// <summary>Same machine, over PCIe or memory.</summary>
    IntraNode,

    /// <summary>Same machine, GPUs joined by NVLink.</summary>
    NvLink,
}

/// <summary>What a link takes and costs where nobody has measured it.</summary>
/// <param name="RttSeconds">Round trip in seconds.</param>
/// <param name="BytesPerSecond">Bytes per second, one way.</param>
/// <param name="DollarsPerByte">What the network's owner charges for a byte, in US dollars.</param>
public readonly record struct LinkFigures(double RttSeconds, double BytesPerSecond, double DollarsPerByte);

/// <summary>Where a request enters the mesh.</summary>
/// <param name="Zone">Zone of the router; "" when unknown.</param>
/// <param name="Region">Region of the router; "" when unknown.</param>
/// <param name="Rack">Rack of the router; "" when unknown.</param>
/// <param name="Node">Machine of the router as nodes are called; "" when unknown or none of them.</param>
/// <param name="Place">Who it is among those that nodes measure, and where in the space of coordinates; null when unknown.</param>
public readonly record struct Origin(string Zone, string Region, string Rack = "", string Node = "", OriginPlace? Place = null);

/// <summary>Rules of <see cref="LinkClass"/>.</summary>
public static class LinkClasses
{
    private const double Gigabyte = 1e9;

    // A GPU's PCIe 5.0 x16 and fourth-generation NVLink are their data sheets', one way; a rack is 100 Gb/s Ethernet; bytes between zones and regions
    // cost what a public cloud lists (AWS EC2 data transfer, United States). The rest are round figures of cloud networks.
    private static readonly LinkFigures[] Figures =
    [
        new(0.001, 1.25e9, 0), new(0.0005, 3e9, 0), new(0.002, 1.25e9, 0.01 / Gigabyte), new(0.06, 1.25e8, 0.02 / Gigabyte),
        new(0.0001, 12.5e9, 0), new(0.00002, 64e9, 0), new(0.000002, 450e9, 0),
    ];

    private static readonly string[] Names = ["unknown", "zone", "region", "wan", "rack", "intra_node", "nvlink"];

    /// <summary>Figures by class.</summary>
    public static IReadOnlyList<LinkFigures> Defaults => Figures;

    /// <summary>Figures of a class.</summary>
    public static LinkFigures Of(LinkClass link) => Figures[(int)link];

    /// <summary>Name of a class, such as <c>intra_node</c>.</summary>
    public static string Name(LinkClass link) => Names[(int)link];

    /// <summary>The link class between an origin and a node; unknown labels on either side give <see cref="LinkClass.Unknown"/>.</summary>
    public static LinkClass Between(in Origin origin, string zone, string region, string rack = "", string node = "")
    {
        if (!string.IsNullOrEmpty(origin.Node) && origin.Node == node) return LinkClass.IntraNode;
        if (!string.IsNullOrEmpty(origin.Region) && !string.IsNullOrEmpty(region) && origin.Region != region) return LinkClass.Wan;
        // Racks have names in their zone only.
        var sameZone = !string.IsNullOrEmpty(zone) && origin.Zone == zone;
        if (!string.IsNullOrEmpty(origin.Rack) && origin.Rack == rack && (sameZone || (string.IsNullOrEmpty(origin.Zone) && string.IsNullOrEmpty(zone)))) return LinkClass.Rack;
        if (string.IsNullOrEmpty(origin.Zone) || string.IsNullOrEmpty(zone)) return LinkClass.Unknown;
        return sameZone ? LinkClass.Zone : LinkClass.Region;
    }
}
