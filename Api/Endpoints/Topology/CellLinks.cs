using InferMesh.Api.Calls;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Topology;
using InferMesh.Strategies.Topology;

namespace InferMesh.Api.Endpoints.Topology;

/// <summary>What lies between cells.</summary>
internal static class CellLinks
{
    // Links grow with the square of it.
    private const int MaxPlaces = 100;

    private static readonly string[] Sources = ["measured", "coordinates", "link_class"];

    public static void MapCellLinks(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/topology/links", Get).Needs(Permission.FleetRead)
            .Describe("Topology", "GetCellLinks", "Round trips between cells and APIs", """
                For each pair of cells, and of a cell and an API, as routing would price the way between their middles: the median of what the cell's nodes measure to the API, else what the
                mean of the nodes' network coordinates tells, else the figure of the class of the link. At most 100 places.
                """)
            .Returns<CellLinksView>();

    private static async Task<IResult> Get(FleetReader fleet, GrainCalls calls, CancellationToken cancellationToken)
    {
        var cells = await fleet.ReadAsync(cancellationToken);
        var apis = await calls.RetryAsync(g => g.GetGrain<ITopologyGrain>(ITopologyGrain.Key).List(), cancellationToken);
        Place[] all = [.. apis.Select(Place.Of), .. cells.Where(static c => c.Nodes.Registration.Length > 0).Select(Place.Of)];
        var places = all.Take(MaxPlaces).ToArray();
        return TypedResults.Ok(new CellLinksView
        {
            Places = [.. places.Select(static p => p.View)],
            Links = [.. places.SelectMany((a, i) => places.Skip(i + 1).Where(b => !(a.View.IsApi && b.View.IsApi)).Select(b => Between(a, b)))],
            Left = all.Length - places.Length,
        });
    }

    private static CellLinkView Between(Place a, Place b)
    {
        var link = LinkClasses.Between(new Origin(a.View.Zone ?? "", a.View.Region ?? ""), b.View.Zone ?? "", b.View.Region ?? "");
        // Of two places the API, if there is one, comes first.
        var rtt = NetworkPath.RttSeconds(new(a.View.Id, a.Coordinate), new(b.Coordinate, b.Rtts), out var source);
        return new()
        {
            From = a.View.Id,
            To = b.View.Id,
            LinkClass = LinkClasses.Name(link),
            RttMs = Math.Round((double.IsNaN(rtt) ? LinkClasses.Of(link).RttSeconds : rtt) * 1000, 3),
            RttSource = Sources[(int)source],
        };
    }

    /// <summary>A cell or an API as the end of a link.</summary>
    private sealed record Place(LinkPlaceView View, VivaldiCoordinate? Coordinate, IReadOnlyList<MeasuredRtt> Rtts)
    {
        public static Place Of(ApiPlace api) => new(
            new() { Id = api.Name, IsApi = true, Zone = Views.Known(api.Zone), Region = Views.Known(api.Region) },
            api.Coordinate is { } c ? new(c.Position, c.HeightMs, c.Error) : null, []);

        public static Place Of(CellSnapshot cell)
        {
            var registrations = cell.Nodes.Registration;
            var rtts = cell.Nodes.Network.SelectMany(static n => n?.Rtts ?? []).GroupBy(static r => r.Api, static r => r.RttMs, StringComparer.Ordinal)
                .Select(static api => new MeasuredRtt(api.Key, Median([.. api])));
            return new(
                new()
                {
                    Id = cell.CellId,
                    Zone = Common(registrations.Select(static r => r.Zone)),
                    Region = Common(registrations.Select(static r => r.Region)),
                    Nodes = registrations.Length,
                    Synthetic = registrations.All(static r => r.Synthetic),
                },
                Middle([.. cell.Nodes.Network.Select(static n => n?.Coordinate).OfType<NetworkCoordinate>().Where(static c => c.Error <= NetworkPath.MaxError)]), [.. rtts]);
        }

        private static string? Common(IEnumerable<string> values) => values.Distinct(StringComparer.Ordinal).ToArray() is [{ Length: > 0 } one] ? one : null;

        private static double Median(double[] values)
        {
            Array.Sort(values);
            return values[values.Length / 2];
        }

        private static VivaldiCoordinate? Middle(NetworkCoordinate[] of)
        {
            if (of.Length == 0 || of.Any(c => c.Position.Length != of[0].Position.Length)) return null;
            double[] position = [.. Enumerable.Range(0, of[0].Position.Length).Select(i => of.Average(c => c.Position[i]))];
            return new(position, of.Average(static c => c.HeightMs), of.Average(static c => c.Error));
        }
    }
}

/// <summary>Cells and APIs, and what lies between them.</summary>
internal sealed record CellLinksView
{
    /// <summary>APIs, then cells.</summary>
    public required IReadOnlyList<LinkPlaceView> Places { get; init; }

    /// <summary>Links, each once.</summary>
    public required IReadOnlyList<CellLinkView> Links { get; init; }

    /// <summary>Places that are left out.</summary>
    public int Left { get; init; }
}

/// <summary>A cell or an API.</summary>
internal sealed record LinkPlaceView
{
    /// <summary>Cell id, or name of the API.</summary>
    public required string Id { get; init; }

    /// <summary>It is an API.</summary>
    public bool IsApi { get; init; }

    /// <summary>Zone; absent when unknown, or not the same for all nodes.</summary>
    public string? Zone { get; init; }

    /// <summary>Region; absent when unknown, or not the same for all nodes.</summary>
    public string? Region { get; init; }

    /// <summary>Nodes of the cell.</summary>
    public int Nodes { get; init; }

    /// <summary>True when every node is simulated.</summary>
    public bool Synthetic { get; init; }
}

/// <summary>The way between two places.</summary>
internal sealed record CellLinkView
{
    /// <summary>One end.</summary>
    public required string From { get; init; }

    /// <summary>The other end.</summary>
    public required string To { get; init; }

    /// <summary>Class of the link: unknown, zone, region or wan.</summary>
    public required string LinkClass { get; init; }

    /// <summary>Round trip, milliseconds.</summary>
    public double RttMs { get; init; }

    /// <summary>What the round trip is known from: measured, coordinates or link_class.</summary>
    public required string RttSource { get; init; }
}
