using Google.Rpc;
using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Policies;
using Domain = InferMesh.Grains.Abstractions.Policies;
using Policy = InferMesh.Control.V1.Policy;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    private const int MaxWriteTries = 5;

    [Needs(Permission.PoliciesWrite)]
    public override async Task<Policy> PinModel(PinModelRequest request, ServerCallContext context)
    {
        CheckModelAndNodes(request.ModelName, request.TargetNodes, nodesRequired: true);
        await ReadNodesAsync(request.TargetNodes, context.CancellationToken);
        string[] nodes = [.. request.TargetNodes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var pin = await WritePinAsync(request.ModelName, context, current =>
        {
            var spec = current ?? new Domain.PolicySpec { Kind = PolicyKind.Placement, Models = [request.ModelName], Description = $"Pins {request.ModelName}." };
            return spec with { Placement = (spec.Placement ?? new()) with { Nodes = nodes } };
        });
        return PolicyMapper.ToProto(pin!);
    }

    [Needs(Permission.PoliciesWrite)]
    public override async Task<UnpinModelResponse> UnpinModel(UnpinModelRequest request, ServerCallContext context)
    {
        CheckModelAndNodes(request.ModelName, request.TargetNodes, nodesRequired: false);
        var pin = await WritePinAsync(request.ModelName, context, current =>
        {
            var pinned = current?.Placement?.Nodes ?? throw RpcErrors.NotFound("pin of model", request.ModelName);
            string[] unknown = [.. request.TargetNodes.Except(pinned, StringComparer.Ordinal)];
            if (unknown.Length > 0) throw RpcErrors.NotFound("pinned node", unknown);
            string[] remaining = request.TargetNodes.Count == 0 ? [] : [.. pinned.Except(request.TargetNodes, StringComparer.Ordinal)];
            return remaining.Length == 0 ? null : current with { Placement = current.Placement with { Nodes = remaining } };
        });
        return new UnpinModelResponse { RemainingNodes = { pin?.Spec.Placement?.Nodes ?? [] } };
    }

    /// <summary>Reads the pin, changes it and writes it where nobody else has meanwhile; a change to null deletes it.</summary>
    private async Task<Domain.Policy?> WritePinAsync(string model, ServerCallContext context, Func<Domain.PolicySpec?, Domain.PolicySpec?> change)
    {
        var name = PinName.Of(model);
        var actor = context.Actor();
        for (var attempt = 1; ; attempt++)
        {
            var current = await calls.RetryAsync(grains => grains.GetGrain<IPolicyGrain>(name).Get(), context.CancellationToken);
            if (current is not null && !(current.Spec.Kind == PolicyKind.Placement && current.Spec.Models is [var pinned] && pinned == model))
                throw RpcErrors.Precondition(new PreconditionFailure.Types.Violation { Type = "POLICY", Subject = name, Description = $"Policy {name} is not the pin of model {model}: rename or delete it." });

            var expected = current?.Version ?? PolicyVersions.None;
            var spec = change(current?.Spec);
            var result = await calls.OnceAsync(
                grains => spec is null ? grains.GetGrain<IPolicyGrain>(name).Delete(expected, actor) : grains.GetGrain<IPolicyGrain>(name).Put(spec, expected, actor), context.CancellationToken);
            if (result.Status == PolicyStatus.Conflict && attempt < MaxWriteTries) continue; // Somebody else was faster: decide again on what is there now.
            return PolicyResults.Accepted(result, name).Policy;
        }
    }
}
