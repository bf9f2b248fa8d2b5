using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Workload;
using InferMesh.Strategies.Training;

namespace InferMesh.Simulator.Training;

/// <summary>Links that are slow for a while: of each node to its rack, of each rack to its zone, of each zone to others. Drawn by seed alone.</summary>
internal sealed class JobLinks
{
    private readonly JobSlowLinksConfig _config;
    private readonly RandomStream _random;
    private readonly string[] _names;
    private readonly Dictionary<string, TrainingNode> _nodes;
    private readonly HashSet<string> _slow = new(StringComparer.Ordinal);

    public JobLinks(JobsConfig config, JobFleet fleet, ulong seed)
    {
        (_config, _random) = (config.SlowLinks, new(seed, 4_010));
        _nodes = fleet.Nodes.ToDictionary(static n => n.Id, StringComparer.Ordinal);
        _names = [.. _nodes.Keys, .. fleet.Nodes.Select(static n => n.Rack).Distinct(StringComparer.Ordinal), .. fleet.Nodes.Select(static n => n.Zone).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>When the next link becomes slow, which one, and for how long; null when none ever does. The same whatever the links are now.</summary>
    public (long InTicks, int Link, long ForTicks)? Next() => _config.MeanTimeBetweenS <= 0
        ? null
        : (Ticks.Of(_random.NextExponential(_config.MeanTimeBetweenS / _names.Length)) + 1, _random.NextIndex(_names.Length), Ticks.Of(_random.NextExponential(_config.MeanDurationS)) + 1);

    /// <summary>A link becomes slow; false when it is already.</summary>
    public bool Slow(int link) => _slow.Add(_names[link]);

    public void Recover(int link) => _slow.Remove(_names[link]);

    /// <summary>How much longer a byte takes between the nodes of a place: a ring waits for the slowest link that it uses.</summary>
    public double FactorOf(GangPlacement place)
    {
        if (_slow.Count == 0 || place.Groups.Count < 2) return 1;
        var (racks, zones) = (place.CrossEdges.GetValueOrDefault(TopologyLevel.Rack) > 0, place.CrossEdges.GetValueOrDefault(TopologyLevel.Zone) > 0);
        return place.Groups.Any(g => _slow.Contains(g.Node) || (racks && _slow.Contains(_nodes[g.Node].Rack)) || (zones && _slow.Contains(_nodes[g.Node].Zone))) ? _config.Factor : 1;
    }
}
