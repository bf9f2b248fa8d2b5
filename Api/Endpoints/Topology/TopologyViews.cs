using InferMesh.Grains.Abstractions.Topology;
using InferMesh.Strategies.Topology;

namespace InferMesh.Api.Endpoints.Topology;

/// <summary>A place in the space of network coordinates.</summary>
internal sealed record CoordinateView
{
    /// <summary>Coordinates, milliseconds.</summary>
    public required IReadOnlyList<double> Position { get; init; }

    /// <summary>Milliseconds to the core of the network.</summary>
    public double HeightMs { get; init; }

    /// <summary>Error of what it tells as a share of it, 0 to 1; above 0.5 it is not used.</summary>
    public double Error { get; init; }

    public static CoordinateView? Of(NetworkCoordinate? coordinate) => coordinate is null ? null : new()
    {
        Position = [.. coordinate.Position.Select(static x => Math.Round(x, 4))],
        HeightMs = Math.Round(coordinate.HeightMs, 4),
        Error = Math.Round(coordinate.Error, 4),
    };
}

/// <summary>An API as a place that requests come from.</summary>
internal sealed record ApiPlaceView
{
    /// <summary>Name under which nodes measure their way to it.</summary>
    public required string Name { get; init; }

    /// <summary>Zone; absent when unknown.</summary>
    public string? Zone { get; init; }

    /// <summary>Region; absent when unknown.</summary>
    public string? Region { get; init; }

    /// <summary>Rack; absent when unknown.</summary>
    public string? Rack { get; init; }

    /// <summary>Node of the mesh that it runs on; absent when it is none.</summary>
    public string? Node { get; init; }

    /// <summary>Where it is; absent when no node has measured it.</summary>
    public CoordinateView? Coordinate { get; init; }

    public static ApiPlaceView Of(ApiPlace api) => new()
    {
        Name = api.Name,
        Zone = Views.Known(api.Zone),
        Region = Views.Known(api.Region),
        Rack = Views.Known(api.Rack),
        Node = Views.Known(api.Node),
        Coordinate = CoordinateView.Of(api.Coordinate),
    };
}

/// <summary>What a class of links takes and costs where nobody has measured it.</summary>
internal sealed record LinkClassView
{
    /// <summary>Class: unknown, nvlink, intra_node, rack, zone, region or wan.</summary>
    public required string Class { get; init; }

    /// <summary>Round trip, milliseconds.</summary>
    public double RttMs { get; init; }

    /// <summary>Bytes per second, one way.</summary>
    public double BytesPerSecond { get; init; }

    /// <summary>US dollars for 10^9 bytes.</summary>
    public double DollarsPerGigabyte { get; init; }

    public static LinkClassView Of(LinkClass link) => new()
    {
        Class = LinkClasses.Name(link),
        RttMs = LinkClasses.Of(link).RttSeconds * 1000,
        BytesPerSecond = LinkClasses.Of(link).BytesPerSecond,
        DollarsPerGigabyte = LinkClasses.Of(link).DollarsPerByte * 1e9,
    };
}

/// <summary>Where requests enter the mesh, and what links cost.</summary>
internal sealed record TopologyView
{
    /// <summary>The APIs that are there.</summary>
    public required IReadOnlyList<ApiPlaceView> Apis { get; init; }

    /// <summary>The classes of links, nearest first.</summary>
    public required IReadOnlyList<LinkClassView> Links { get; init; }
}

/// <summary>The way from an API or a node to a node.</summary>
internal sealed record PathView
{
    /// <summary>Class of the link: unknown, intra_node, rack, zone, region or wan.</summary>
    public required string LinkClass { get; init; }

    /// <summary>Round trip, milliseconds.</summary>
    public double RttMs { get; init; }

    /// <summary>What the round trip is known from: measured, coordinates or link_class.</summary>
    public required string RttSource { get; init; }

    /// <summary>Bytes per second, one way: of the class, or what the ports of either end still let through when that is less.</summary>
    public double BytesPerSecond { get; init; }

    /// <summary>Seconds for the bytes that were asked for: half a round trip and the transfer; absent when none were.</summary>
    public double? TransferSeconds { get; init; }

    /// <summary>US dollars for the bytes that were asked for; absent when none were.</summary>
    public double? Dollars { get; init; }
}

/// <summary>What a node knows of its network.</summary>
internal sealed record NetworkView
{
    /// <summary>Where it is; absent when unknown.</summary>
    public CoordinateView? Coordinate { get; init; }

    /// <summary>Round trips to the APIs that it measures.</summary>
    public required IReadOnlyList<RttSample> Rtts { get; init; }

    /// <summary>Ports of InfiniBand and RoCE devices.</summary>
    public required IReadOnlyList<LinkSample> Links { get; init; }

    public static NetworkView? Of(NodeNetwork? network) =>
        network is null ? null : new() { Coordinate = CoordinateView.Of(network.Coordinate), Rtts = network.Rtts, Links = network.Links };
}
