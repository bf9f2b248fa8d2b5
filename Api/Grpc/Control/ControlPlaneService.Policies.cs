using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Policies;
using Policy = InferMesh.Control.V1.Policy;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    [Needs(Permission.PoliciesWrite)]
    public override async Task<Policy> SetPolicy(SetPolicyRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        if (request.Policy is null) violations.Add("policy", "is required.");
        else violations.Name("policy.name", request.Policy.Name);
        violations.Require(request.Policy?.SpecCase != Policy.SpecOneofCase.None, "policy.spec", "one of placement, routing, hedging, slo, quota or security must be given.");
        CheckVersion(violations, request.HasExpectedVersion, request.ExpectedVersion);
        violations.ThrowIfAny();

        var spec = PolicyMapper.ToDomain(request.Policy!);
        var expected = request.HasExpectedVersion ? request.ExpectedVersion : PolicyVersions.Any;
        var actor = context.Actor();
        var result = await calls.OnceAsync(grains => grains.GetGrain<IPolicyGrain>(request.Policy!.Name).Put(spec, expected, actor), context.CancellationToken);
        return PolicyMapper.ToProto(PolicyResults.Accepted(result, request.Policy!.Name).Policy!);
    }

    [Needs(Permission.PoliciesRead)]
    public override async Task<Policy> GetPolicy(GetPolicyRequest request, ServerCallContext context)
    {
        CheckName("name", request.Name);
        var policy = await calls.RetryAsync(grains => grains.GetGrain<IPolicyGrain>(request.Name).Get(), context.CancellationToken);
        return PolicyMapper.ToProto(policy ?? throw RpcErrors.NotFound("policy", request.Name));
    }

    [Needs(Permission.PoliciesWrite)]
    public override async Task<DeletePolicyResponse> DeletePolicy(DeletePolicyRequest request, ServerCallContext context)
    {
        var expected = CheckDelete(request.Name, request.HasExpectedVersion, request.ExpectedVersion);
        var actor = context.Actor();
        var result = await calls.OnceAsync(grains => grains.GetGrain<IPolicyGrain>(request.Name).Delete(expected, actor), context.CancellationToken);
        PolicyResults.Accepted(result, request.Name);
        // The grain answers what is current now, which is nothing: the deletion's own version is the newest of the history.
        var history = await calls.RetryAsync(grains => grains.GetGrain<IPolicyGrain>(request.Name).History(), context.CancellationToken);
        return new DeletePolicyResponse { Version = history.FirstOrDefault(version => version.Deleted)?.Version ?? 0 };
    }

    [Needs(Permission.PoliciesRead)]
    public override async Task<ListPoliciesResponse> ListPolicies(ListPoliciesRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Require(Enum.IsDefined(request.Type), "type", "is not a type of policy.");
        violations.ThrowIfAny();

        var listing = await calls.RetryAsync(grains => grains.GetGrain<IPolicyIndexGrain>(IPolicyIndexGrain.Key).List(), context.CancellationToken);
        var policies = listing.Policies.Where(policy => request.Type == PolicyType.Unspecified || PolicyMapper.Type(policy.Spec.Kind) == request.Type)
            .OrderBy(policy => policy.Name, StringComparer.Ordinal);
        return new ListPoliciesResponse { Policies = { policies.Select(PolicyMapper.ToProto) } };
    }

    private static void CheckVersion(Violations violations, bool given, long version) => violations.Require(!given || version >= 0, "expected_version", "must be 0 or more.");
}
