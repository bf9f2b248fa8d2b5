using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Routing;

/// <summary>The links that the targets of a tracked set can have, without a look at each. Not thread safe.</summary>
internal sealed class LinkTable
{
    private readonly HashSet<Origin> _places = [];
    private Origin _origin;
    private int _links;

    public LinkTable(TargetSet targets)
    {
        LeastRttSeconds = double.PositiveInfinity;
        Origin last = default;
        for (var row = 0; row < targets.Count; row++)
        {
            var rtt = targets.Cost[row].RttSeconds;
            HasUnmeasured |= double.IsNaN(rtt);
            if (rtt < LeastRttSeconds) LeastRttSeconds = rtt;
            var identity = targets.Identity[row];
            var place = new Origin(identity.Zone, identity.Region, identity.Rack);
            if (row > 0 && place == last) continue;
            _places.Add(last = place);
        }
    }

    /// <summary>Whether the round trip of any target is unknown.</summary>
    public bool HasUnmeasured { get; }

    /// <summary>Shortest round trip that was measured; infinite when none was.</summary>
    public double LeastRttSeconds { get; }

    /// <summary>The link classes from an origin to any target, as bits.</summary>
    public int From(in Origin origin)
    {
        if (_links != 0 && origin == _origin) return _links;
        _links = 0;
        foreach (var place in _places) _links |= 1 << (int)LinkClasses.Between(origin, place.Zone, place.Region, place.Rack);
        if (!string.IsNullOrEmpty(origin.Node)) _links |= 1 << (int)LinkClass.IntraNode;
        _origin = origin;
        return _links;
    }
}
