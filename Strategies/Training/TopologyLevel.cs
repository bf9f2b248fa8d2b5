using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Training;

/// <summary>Levels of a fabric, coarsest first. A domain of a level lies in one domain of each coarser one.</summary>
public enum TopologyLevel : byte
{
    /// <summary>Region.</summary>
    Region = 0,

    /// <summary>Zone.</summary>
    Zone,

    /// <summary>Cell.</summary>
    Cell,

    /// <summary>Rack.</summary>
    Rack,

    /// <summary>Nodes whose GPUs reach each other by NVLink.</summary>
    NvlinkIsland,

    /// <summary>Node.</summary>
    Node,
}

/// <summary>What it costs when neighbours in a ring lie in different domains.</summary>
public static class TopologyLevels
{
    /// <summary>Number of levels.</summary>
    public const int Count = 6;

    // An edge of a ring costs the time per byte of its link, in nanoseconds: that of the coarsest level whose domains its ends differ in.
    private static readonly double[] EdgeCosts =
        [NsPerByte(LinkClass.Wan), NsPerByte(LinkClass.Region), NsPerByte(LinkClass.Zone), NsPerByte(LinkClass.Zone), NsPerByte(LinkClass.Rack), NsPerByte(LinkClass.NvLink)];

    /// <summary>Nanoseconds per byte of an edge whose ends differ in domains of this level and in none that is coarser.</summary>
    public static double EdgeCost(TopologyLevel level) => EdgeCosts[(int)level];

    /// <summary>
    /// What a domain of this level adds to the cost of a ring that passes through it and others: domains nest, so an edge that crosses a level crosses all finer ones, and costs the sum of
    /// their steps.
    /// </summary>
    internal static double Step(TopologyLevel level) => level == TopologyLevel.Node ? EdgeCosts[(int)level] : EdgeCosts[(int)level] - EdgeCosts[(int)level + 1];

    private static double NsPerByte(LinkClass link) => 1e9 / LinkClasses.Of(link).BytesPerSecond;
}
