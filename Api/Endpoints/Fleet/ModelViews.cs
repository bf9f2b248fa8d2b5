using InferMesh.Api.Endpoints.Models;
using InferMesh.Grains.Abstractions.Cells;

namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>A model on one runtime of one node.</summary>
internal sealed record ReplicaView
{
    /// <summary>Node.</summary>
    public required string Node { get; init; }

    /// <summary>Cell of the node.</summary>
    public required string Cell { get; init; }

    /// <summary>Runtime kind, such as <c>vllm</c>.</summary>
    public required string Runtime { get; init; }

    /// <summary>Base URL of the runtime.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Revision; absent when unknown.</summary>
    public string? Revision { get; init; }

    /// <summary>GPU type; absent when unknown.</summary>
    public string? Gpu { get; init; }

    /// <summary>The runtime answers its probes.</summary>
    public bool Healthy { get; init; }

    /// <summary>The model is resident.</summary>
    public bool Loaded { get; init; }

    /// <summary>Requests in the batch; absent when unknown.</summary>
    public double? Running { get; init; }

    /// <summary>Requests waiting; absent when unknown.</summary>
    public double? Waiting { get; init; }

    /// <summary>KV cache in use, 0 to 1; absent when unknown.</summary>
    public double? KvCacheUsage { get; init; }

    /// <summary>True for a simulated node.</summary>
    public bool Synthetic { get; init; }
}

/// <summary>A model and where it is served.</summary>
internal sealed record ModelView
{
    /// <summary>Name that requests use.</summary>
    public required string Name { get; init; }

    /// <summary>Revisions that are served, as far as known.</summary>
    public required IReadOnlyList<string> Revisions { get; init; }

    /// <summary>Replicas in all.</summary>
    public int ReplicaCount { get; init; }

    /// <summary>Replicas that are healthy and loaded.</summary>
    public int ReadyReplicaCount { get; init; }

    /// <summary>Requests running on all replicas, as far as known.</summary>
    public double Running { get; init; }

    /// <summary>Requests waiting on all replicas, as far as known.</summary>
    public double Waiting { get; init; }

    /// <summary>True when every replica is on a simulated node.</summary>
    public bool Synthetic { get; init; }

    /// <summary>Where it is served, by node.</summary>
    public required IReadOnlyList<ReplicaView> Replicas { get; init; }

    /// <summary>What is registered of it and what is made of that; absent when nobody registered it.</summary>
    public RegistrationView? Registration { get; init; }

    /// <summary>What would be done; in the answer to a dry run only.</summary>
    public ModelPlanView? Plan { get; init; }

    /// <summary>A model that no node knows.</summary>
    public static ModelView Idle(string name) => new() { Name = name, Revisions = [], Replicas = [] };

    /// <summary>Models of the cells, by name.</summary>
    public static IReadOnlyList<ModelView> Of(IEnumerable<CellSnapshot> cells, string? name = null) =>
    [
        .. cells.SelectMany(cell => Rows(cell, name))
            .GroupBy(row => row.Model, row => row.Replica, StringComparer.Ordinal)
            .OrderBy(model => model.Key, StringComparer.Ordinal)
            .Select(model => Of(model.Key, [.. model.OrderBy(r => r.Node, StringComparer.Ordinal).ThenBy(r => r.Endpoint, StringComparer.Ordinal)])),
    ];

    private static ModelView Of(string name, ReplicaView[] replicas) => new()
    {
        Name = name,
        Revisions = [.. replicas.Select(r => r.Revision).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        ReplicaCount = replicas.Length,
        ReadyReplicaCount = replicas.Count(r => r is { Healthy: true, Loaded: true }),
        Running = replicas.Sum(r => r.Running ?? 0),
        Waiting = replicas.Sum(r => r.Waiting ?? 0),
        Synthetic = replicas.All(r => r.Synthetic),
        Replicas = replicas,
    };

    private static IEnumerable<(string Model, ReplicaView Replica)> Rows(CellSnapshot cell, string? name)
    {
        var t = cell.Targets;
        for (var i = 0; i < t.Node.Length; i++)
        {
            if (name is not null && t.Model[i] != name) continue; // Not asked for.
            var node = cell.Nodes.Registration[t.Node[i]];
            yield return (t.Model[i], new()
            {
                Node = node.NodeId,
                Cell = cell.CellId,
                Runtime = t.Runtime[i],
                Endpoint = t.Endpoint[i],
                Revision = Views.Known(t.Revision[i]),
                Gpu = Views.Known(t.Gpu[i]),
                Healthy = t.Healthy[i],
                Loaded = t.Loaded[i],
                Running = Views.Known(t.Running[i]),
                Waiting = Views.Known(t.Waiting[i]),
                KvCacheUsage = Views.Known(t.KvCacheUsage[i]),
                Synthetic = node.Synthetic,
            });
        }
    }
}
