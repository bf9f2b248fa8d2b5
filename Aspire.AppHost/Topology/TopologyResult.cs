namespace InferMesh.AppHost.Topology;

/// <summary>A topology, or all that is wrong with the settings (one readable line each).</summary>
internal sealed record TopologyResult(MeshTopology? Topology, IReadOnlyList<string> Errors);
