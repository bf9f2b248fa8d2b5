using InferMesh.Api.Security.Callers;
using Microsoft.AspNetCore.Authorization;

namespace InferMesh.Api.Security.Access;

/// <summary>The rule of every request: its endpoint names a permission, and the caller has it. What names none is closed.</summary>
internal sealed class AccessRule : AuthorizationHandler<AccessRule>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, AccessRule requirement)
    {
        if (context.Resource is HttpContext http && IsAllowed(http)) context.Succeed(requirement);
        return Task.CompletedTask;
    }

    // What is mapped is a route. Without one there is nothing to guard: the answer is 404, 405 or 415, or a page of Swagger.
    private static bool IsAllowed(HttpContext http) =>
        http.GetEndpoint() is not RouteEndpoint endpoint
        || (endpoint.Metadata.GetMetadata<NeedsAttribute>() is { } needs && http.Caller().Has(needs.Permission));
}
