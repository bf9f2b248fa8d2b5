using Grpc.Core;
using InferMesh.Api.Grpc.Errors;

namespace InferMesh.Api.Grpc;

internal static class CallerExtensions
{
    /// <summary>Who is written into the audit.</summary>
    /// <exception cref="RpcException">The caller names itself in a way that may not be written down.</exception>
    public static string Actor(this ServerCallContext context)
    {
        var (name, error) = Security.Actor.Of(context.GetHttpContext().Request);
        if (error is null) return name;
        var violations = new Violations();
        violations.Add(error.Field, error.Message);
        violations.ThrowIfAny();
        return name;
    }
}
