using InferMesh.Cli.Agent.Config;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>What a node registers as.</summary>
internal sealed record NodeIdentity
{
    public required NodeConfig Node { get; init; }

    /// <summary>Whether anything that the node reports is invented; it is then labelled so too.</summary>
    public bool Synthetic { get; init; }

    public RegisterNodeRequest ToRequest()
    {
        var request = new RegisterNodeRequest
        {
            NodeId = Node.Id,
            Cell = Node.Cell,
            Zone = Node.Zone,
            Region = Node.Region,
            FailureDomain = Node.FailureDomain,
            Synthetic = Synthetic,
        };
        request.Roles.AddRange(Node.Roles);
        foreach (var (name, value) in Node.Labels)
            request.Labels[name] = value;
        if (Synthetic)
            request.Labels["synthetic"] = "true";
        return request;
    }
}
