using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Nodes;

/// <summary>What a node is.</summary>
internal record NodeBody
{
    /// <summary>Cell: 1 to 128 letters, digits, '.', '_' or '-'. Required.</summary>
    public string? Cell { get; init; }

    /// <summary>Zone; empty when unknown.</summary>
    public string? Zone { get; init; }

    /// <summary>Region; empty when unknown.</summary>
    public string? Region { get; init; }

    /// <summary>What fails together with this node, such as a rack; by default the zone, else the node itself.</summary>
    public string? FailureDomain { get; init; }

    /// <summary>Labels, at most 64.</summary>
    public IReadOnlyDictionary<string, string?>? Labels { get; init; }

    /// <summary>Roles: gpu (default), router, edge.</summary>
    public IReadOnlyList<string?>? Roles { get; init; }

    /// <summary>True for a simulated node.</summary>
    public bool? Synthetic { get; init; }

    public static NodeBody Of(NodeRegistration node) => new()
    {
        Cell = node.CellId,
        Zone = Views.Known(node.Zone),
        Region = Views.Known(node.Region),
        FailureDomain = Views.Known(node.FailureDomain),
        Labels = node.Labels.ToDictionary(l => l.Key, l => (string?)l.Value),
        Roles = node.Roles,
        Synthetic = node.Synthetic,
    };

    public NodeRegistration Read(string id, string idField, BodyReader reader)
    {
        if (!Names.IsValid(id)) reader.Refuse(idField, Names.Error(idField).Message);
        return new()
        {
            NodeId = id,
            CellId = reader.Required("cell", Cell),
            Zone = Zone ?? "",
            Region = Region ?? "",
            FailureDomain = FailureDomain ?? "",
            Labels = reader.Map("labels", Labels),
            Roles = Roles is null ? ["gpu"] : reader.List("roles", Roles),
            Synthetic = Synthetic ?? false,
        };
    }
}

/// <summary>A node and its id.</summary>
internal sealed record NewNodeBody : NodeBody
{
    /// <summary>Node id: 1 to 128 letters, digits, '.', '_' or '-', the first one a letter or digit. Required.</summary>
    public string? Id { get; init; }
}

/// <summary>Why a node is kept out.</summary>
internal sealed record CordonBody
{
    /// <summary>Reason, at most 256 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>How a node is drained.</summary>
internal sealed record DrainBody
{
    /// <summary>Counts the drain as done at the deadline even when work still runs. Default false.</summary>
    public bool? Force { get; init; }

    /// <summary>Deadline in seconds, 1 to 86400. Default 300.</summary>
    public int? TimeoutSeconds { get; init; }
}
