namespace InferMesh.Strategies.Training;

/// <summary>
/// Workers wait for each other at every step, so a gang is as fast as its slowest GPU: of the sets of GPU types from the fastest down, the one with the most workers times the pace of the
/// slowest among them (Gavel's and Sia's goodput for one job); within it as <c>topology_best_fit</c>.
/// </summary>
internal sealed class ThroughputAware : ITrainingStrategy
{
    private readonly TopologyPlacement _within = new("throughput_aware", balanced: false);

    public string Name => _within.Name;

    public GangPlacement Place(Gang gang, IReadOnlyList<TrainingNode> nodes)
    {
        if (gang.Throughput.Count == 0) return _within.Place(gang, nodes);
        var types = nodes.ToDictionary(static n => n.Id, static n => n.GpuType, StringComparer.Ordinal);
        (double Goodput, GangPlacement Placement)? best = null;
        foreach (var pace in gang.Throughput.Values.Distinct().OrderDescending())
        {
            var fast = gang.Throughput.Where(t => t.Value >= pace).ToDictionary();
            var placement = _within.Place(gang with { Throughput = fast }, nodes);
            if (placement.Failure != PlacementFailure.None) continue;
            var goodput = placement.Workers * placement.Groups.Min(g => gang.Throughput[types[g.Node]]);
            if (best is null || goodput > best.Value.Goodput || (goodput == best.Value.Goodput && placement.RingCost < best.Value.Placement.RingCost)) best = (goodput, placement);
        }
        return best?.Placement ?? _within.Place(gang, nodes);
    }
}
