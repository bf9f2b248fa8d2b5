using InferMesh.Api.Grpc.Errors;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Grpc.Control;

/// <summary>What became of a policy call, as a status.</summary>
internal static class PolicyResults
{
    /// <summary>The result of an accepted call.</summary>
    /// <exception cref="global::Grpc.Core.RpcException">The call was refused.</exception>
    public static PolicyResult Accepted(PolicyResult result, string name)
    {
        switch (result.Status)
        {
            case PolicyStatus.Accepted:
                return result;
            case PolicyStatus.Conflict:
                throw RpcErrors.Conflict("policy", name, result.CurrentVersion);
            case PolicyStatus.Invalid:
                var violations = new Violations();
                // The kind is what the oneof says.
                violations.Add(result.Errors.Select(e => e.Field == "kind" ? e with { Field = "spec" } : e), "policy.");
                violations.ThrowIfAny();
                break;
            default:
                break;
        }
        throw RpcErrors.NotFound("policy", name);
    }
}
