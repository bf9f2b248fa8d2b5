namespace InferMesh.Strategies.Models;

/// <summary>
/// Decides where models are loaded and unloaded, for all models at once, so that no two claim the same memory. The same input gives the same plan; what is loaded where it may
/// be stays there; what nobody demands is left alone. Pure.
/// </summary>
public static class ModelPlanner
{
    /// <param name="demands">Models, each name once. One that should go has no replicas.</param>
    /// <param name="nodes">Nodes, each id once.</param>
    public static ModelPlan Plan(IEnumerable<ModelDemand> demands, IEnumerable<FleetNode> nodes)
    {
        FleetNode[] fleet = [.. nodes.OrderBy(n => n.Id, StringComparer.Ordinal)];
        ModelDemand[] ordered = [.. demands.OrderBy(d => d.Name, StringComparer.Ordinal)];
        var memory = fleet.ToDictionary(n => n.Id, n => new MemoryLedger(n), StringComparer.Ordinal);
        // What is on its way has its memory, whoever comes first by name.
        foreach (var demand in ordered)
        {
            foreach (var replica in ModelReplica.All(demand, fleet).Where(r => r.Loading)) memory[replica.Node.Id].Claim(demand);
        }
        List<PlannedAction> actions = [];
        ModelOutcome[] outcomes = [.. ordered.Select(d => new ModelPlacement(d, fleet, memory, actions).Run())];
        return new([.. actions.OrderBy(a => a.Node, StringComparer.Ordinal).ThenBy(a => a.Endpoint, StringComparer.Ordinal).ThenBy(a => a.Model, StringComparer.Ordinal)], outcomes);
    }
}
