using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Nodes;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Objects.Kinds;

/// <summary>Registrations of nodes. What operators and faults have made of a node is no content of a manifest.</summary>
internal sealed class NodeObjects(GrainCalls calls) : ObjectKind<NodeBody, NodeRegistration>(calls, "Node", BackedUpTypes.Node)
{
    private const int Parallel = 16;

    public override async Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken)
    {
        var cells = (await Calls.RetryAsync(g => g.GetGrain<IDirectoryGrain>(DirectoryKeys.Cells).List(), cancellationToken)).Names;
        var nodes = new IReadOnlyList<string>[cells.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForAsync(0, cells.Count, options, async (i, cancel) =>
            nodes[i] = (await Calls.RetryAsync(g => g.GetGrain<IDirectoryGrain>(DirectoryKeys.NodesOf(cells[i])).List(), cancel)).Names);
        // A node that moves stands in both cells for a moment.
        return Page([.. nodes.SelectMany(n => n).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], after, limit);
    }

    protected override NodeRegistration Read(string name, NodeBody body, BodyReader reader) => body.Read(name, "metadata.name", reader);

    protected override object Shown(NodeRegistration spec) => NodeBody.Of(spec);

    protected override async Task<Held<NodeRegistration>?> CurrentAsync(string key, CancellationToken cancellationToken) =>
        await Calls.RetryAsync(g => g.GetGrain<INodeGrain>(key).Get(), cancellationToken) is { } node ? new(node.Version, node.Registration) : null;

    protected override Task<IReadOnlyList<FieldError>> CheckAsync(string key, NodeRegistration spec, CancellationToken cancellationToken) =>
        Calls.RetryAsync(g => g.GetGrain<INodeGrain>(key).Check(spec), cancellationToken);

    protected override async Task<Written> WriteAsync(string key, NodeRegistration spec, long expected, string actor, CancellationToken cancellationToken)
    {
        var result = await Calls.OnceAsync(g => g.GetGrain<INodeGrain>(key).RegisterAt(spec, expected, actor), cancellationToken);
        return result.Status == NodeCommandStatus.Accepted ? new(result.Node?.Version ?? 0, null) : Refusals.Stale(result.Node?.Version ?? 0, expected, result.Errors);
    }
}
