namespace InferMesh.Grains.Abstractions.Nodes;

/// <summary>What a node is, as its agent or an operator declares it. Persisted.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.NodeRegistration")]
public sealed record NodeRegistration
{
    /// <summary>Node id: 1 to 128 letters, digits, <c>.</c>, <c>_</c> or <c>-</c>, the first one a letter or digit.</summary>
    [Id(0)] public required string NodeId { get; init; }

    /// <summary>Cell, same form as the id. Nodes of a cell share one summary; about 1,000 nodes fit well.</summary>
    [Id(1)] public required string CellId { get; init; }

    /// <summary>Zone; "" when unknown.</summary>
    [Id(2)] public string Zone { get; init; } = "";

    /// <summary>Region; "" when unknown.</summary>
    [Id(3)] public string Region { get; init; } = "";

    /// <summary>What fails together with this node, such as a rack; "" means the zone, else the node itself.</summary>
    [Id(4)] public string FailureDomain { get; init; } = "";

    /// <summary>Labels, at most 64.</summary>
    [Id(5)] public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Roles: <c>gpu</c>, <c>router</c>, <c>edge</c>.</summary>
    [Id(6)] public IReadOnlyList<string> Roles { get; init; } = ["gpu"];

    /// <summary>True for a simulated node.</summary>
    [Id(7)] public bool Synthetic { get; init; }

    /// <summary>Rack, as its label <c>rack</c> or <c>topology.kubernetes.io/rack</c> has it; "" when neither is there.</summary>
    public string Rack => Labels.TryGetValue("rack", out var rack) || Labels.TryGetValue("topology.kubernetes.io/rack", out rack) ? rack : "";
}
