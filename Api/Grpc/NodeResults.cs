using InferMesh.Api.Grpc.Errors;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Grpc;

/// <summary>What became of a node command, as a status.</summary>
internal static class NodeResults
{
    /// <summary>The node after an accepted command.</summary>
    /// <exception cref="global::Grpc.Core.RpcException">The command was refused.</exception>
    public static NodeView Accepted(NodeCommandResult result, string nodeId)
    {
        switch (result.Status)
        {
            case NodeCommandStatus.Accepted when result.Node is { } node:
                return node;
            case NodeCommandStatus.Invalid:
                var violations = new Violations();
                violations.Add(result.Errors);
                violations.ThrowIfAny();
                break;
            case NodeCommandStatus.Conflict:
                throw RpcErrors.Precondition([.. result.Errors.Select(e => new Google.Rpc.PreconditionFailure.Types.Violation { Type = "NODE_STATE", Subject = nodeId, Description = e.Message })]);
            default:
                break;
        }
        throw RpcErrors.NotFound("node", nodeId);
    }
}
