namespace InferMesh.AppHost.Topology;

/// <summary>The synthetic fleet: runtimes that answer like real ones and are labelled synthetic=true everywhere.</summary>
internal sealed record FleetPlan(int Nodes, int Cells, int Seed)
{
    public override string ToString() => $"synthetic fleet: {Nodes} nodes, {Cells} cells (synthetic=true)";
}
