using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>What a node registers as.</summary>
internal sealed record NodeIdentity
{
    public required string NodeId { get; init; }

    public required string Cell { get; init; }

    public string Zone { get; init; } = "";

    public string Region { get; init; } = "";

    public string FailureDomain { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<string> Roles { get; init; } = ["gpu"];

    /// <summary>Whether anything that the node reports is invented; it is then labelled so too.</summary>
    public bool Synthetic { get; init; }

    public RegisterNodeRequest ToRequest()
    {
        var request = new RegisterNodeRequest
        {
            NodeId = NodeId,
            Cell = Cell,
            Zone = Zone,
            Region = Region,
            FailureDomain = FailureDomain,
            Synthetic = Synthetic,
        };
        request.Roles.AddRange(Roles);
        foreach (var (name, value) in Labels)
            request.Labels[name] = value;
        if (Synthetic)
            request.Labels["synthetic"] = "true";
        return request;
    }
}
