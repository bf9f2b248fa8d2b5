using Google.Rpc;
using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    /// <summary>How long one call of a node's grain waits; below the cluster's response timeout.</summary>
    private static readonly TimeSpan CommandPoll = TimeSpan.FromSeconds(15);

    /// <summary>How long a call waits for runtimes in all, unless its own deadline comes first.</summary>
    private static readonly TimeSpan CommandLimit = TimeSpan.FromMinutes(10);

    [Needs(Permission.ModelsWrite)]
    public override async Task<LoadModelResponse> LoadModel(LoadModelRequest request, ServerCallContext context)
    {
        CheckModelAndNodes(request.ModelName, request.TargetNodes, nodesRequired: true);
        var nodes = await ReadNodesAsync(request.TargetNodes, context.CancellationToken);
        await BringAboutAsync(nodes, request.ModelName, "load", node => Serves(node, request.ModelName, request.ModelRevision), (node, control) => Loads(node, control, request.ModelName), context);
        return new LoadModelResponse { LoadedNodes = { nodes.Select(node => node.Registration.NodeId) } };
    }

    [Needs(Permission.ModelsWrite)]
    public override async Task<UnloadModelResponse> UnloadModel(UnloadModelRequest request, ServerCallContext context)
    {
        CheckModelAndNodes(request.ModelName, request.TargetNodes, nodesRequired: true);
        var nodes = await ReadNodesAsync(request.TargetNodes, context.CancellationToken);
        await BringAboutAsync(
            nodes, request.ModelName, "unload", node => !Serves(node, request.ModelName, request.ModelRevision), (node, control) => Unloads(node, control, request.ModelName, request.ModelRevision), context);
        return new UnloadModelResponse { UnloadedNodes = { nodes.Select(node => node.Registration.NodeId) } };
    }

    /// <summary>Has the nodes do what is lacking, after it is sure of all of them that they can.</summary>
    /// <param name="nodes">Named nodes.</param>
    /// <param name="model">Model.</param>
    /// <param name="operation">Word for it.</param>
    /// <param name="holds">Whether nothing is lacking.</param>
    /// <param name="commands">What a node has to do, given what an agent controls there; null when it cannot.</param>
    /// <param name="context">Call.</param>
    private async Task BringAboutAsync(
        IReadOnlyList<NodeView> nodes, string model, string operation, Func<NodeView, bool> holds, Func<NodeView, NodeModels, IReadOnlyList<ModelCommand>?> commands, ServerCallContext context)
    {
        List<PreconditionFailure.Types.Violation> failed = [];
        List<(string Node, IReadOnlyList<ModelCommand> Commands)> todo = [];
        foreach (var node in nodes)
        {
            var id = node.Registration.NodeId;
            if (!IsCurrent(node)) failed.Add(Violation("NODE_STATE", id, $"Node {id} is {node.Health.ToString().ToLowerInvariant()}: what it has loaded is not known, and the operation {operation} cannot reach it."));
            else if (holds(node)) continue; // Nothing is lacking.
            else if (await calls.RetryAsync(grains => grains.GetGrain<INodeModelsGrain>(id).Get(), context.CancellationToken) is var control && commands(node, control) is { } able) todo.Add((id, able));
            else failed.Add(Violation("RUNTIME_OPERATION", id, $"Runtime {RuntimesOf(node)} on node {id} does not support the operation {operation}{(control.Runtimes.Count == 0 ? ": no agent controls it" : "")}."));
        }
        if (todo.Count > 0 && await calls.RetryAsync(grains => grains.GetGrain<IModelGrain>(model).Get(), context.CancellationToken) is { } registered)
            failed.Add(Violation("MODEL_REGISTERED", model, $"Model {model} is registered, at version {registered.Version}: its replicas, nodes and labels decide where it is loaded."));
        if (failed.Count > 0) throw RpcErrors.Precondition(failed);

        var results = await Task.WhenAll(todo.Select(node => ExecuteAsync(node.Node, node.Commands, context)));
        failed.AddRange(results.SelectMany((r, i) => r.OfType<CommandResult>().Where(c => !c.IsDone).Select(c => Violation("RUNTIME_OPERATION", todo[i].Node, $"Node {todo[i].Node}: {c.Error}"))));
        if (failed.Count > 0) throw RpcErrors.Precondition(failed);
        string[] busy = [.. todo.Where((_, i) => results[i].Any(r => r is null)).Select(n => n.Node)];
        if (busy.Length > 0) throw RpcErrors.Unavailable($"The operation {operation} is still under way on {string.Join(", ", busy)}: call again to wait for it.");
    }

    /// <summary>Commands of one node until all have results, or the time is over; the same commands again wait for those under way.</summary>
    private async Task<IReadOnlyList<CommandResult?>> ExecuteAsync(string node, IReadOnlyList<ModelCommand> commands, ServerCallContext context)
    {
        var until = DateTime.UtcNow + CommandLimit;
        if (context.Deadline < until) until = context.Deadline - TimeSpan.FromSeconds(1);
        while (true)
        {
            var left = until - DateTime.UtcNow;
            var wait = left < TimeSpan.Zero ? TimeSpan.Zero : left < CommandPoll ? left : CommandPoll;
            var results = await calls.RetryAsync(grains => grains.GetGrain<INodeModelsGrain>(node).Execute(commands, wait), context.CancellationToken);
            if (left <= CommandPoll || results.All(r => r is not null)) return results;
        }
    }

    /// <summary>One load: on the runtime that has the model asleep or listed, else on the first that can.</summary>
    private static ModelCommand[]? Loads(NodeView node, NodeModels control, string model)
    {
        var runtimes = control.Runtimes.Select(c => (Control: c, Lists: node.Runtimes.Any(r => r.Endpoint == c.Endpoint && r.Models.Any(m => m.Model == model))))
            .Where(r => r.Control.Actions.Contains(ModelAction.Load) || (r.Lists && r.Control.Actions.Contains(ModelAction.Wake))).ToArray();
        if (runtimes.Length == 0) return null;
        var chosen = runtimes.OrderByDescending(r => r.Lists).First().Control;
        return [new() { Action = chosen.Actions.Contains(ModelAction.Load) ? ModelAction.Load : ModelAction.Wake, Endpoint = chosen.Endpoint, Model = model }];
    }

    /// <summary>One unload for each runtime that has the model; null when one of them cannot.</summary>
    private static ModelCommand[]? Unloads(NodeView node, NodeModels control, string model, string revision)
    {
        List<ModelCommand> commands = [];
        foreach (var runtime in node.Runtimes.Where(r => r.Models.Any(m => m.Loaded && m.Model == model && (revision.Length == 0 || m.Revision == revision))))
        {
            var actions = control.Runtimes.FirstOrDefault(c => c.Endpoint == runtime.Endpoint)?.Actions ?? [];
            if (!actions.Contains(ModelAction.Unload) && !actions.Contains(ModelAction.Sleep)) return null;
            commands.Add(new() { Action = actions.Contains(ModelAction.Unload) ? ModelAction.Unload : ModelAction.Sleep, Endpoint = runtime.Endpoint, Model = model });
        }
        return [.. commands];
    }

    private static PreconditionFailure.Types.Violation Violation(string type, string subject, string description) => new() { Type = type, Subject = subject, Description = description };
}
