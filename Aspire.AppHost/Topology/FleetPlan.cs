namespace InferMesh.AppHost.Topology;

/// <summary>The synthetic fleet: runtimes that answer like real ones and are labelled synthetic=true everywhere.</summary>
internal sealed record FleetPlan(int Nodes, int Cells, int Seed, int Port = 18000, int AdminPort = 17999)
{
    public override string ToString() => $"synthetic fleet: {Nodes} nodes, {Cells} cells (synthetic=true)";
}
