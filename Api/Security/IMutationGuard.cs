using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Security;

/// <summary>Decides who may change the mesh; the same rule for REST and gRPC. Thread-safe.</summary>
internal interface IMutationGuard
{
    /// <summary>Whether the caller may change the mesh.</summary>
    /// <param name="context">The request.</param>
    /// <param name="problem">Why not: status 401 (no or a wrong key) or 403 (no key is configured and the caller is not on this machine).</param>
    bool Allowed(HttpContext context, [NotNullWhen(false)] out ProblemDetails? problem);
}
