namespace InferMesh.AppHost.Topology;

/// <summary>The three ports of one silo; kept over its restarts, so that a restarted silo is found where it was.</summary>
internal sealed record SiloPorts(int Http, int Silo, int Gateway);
