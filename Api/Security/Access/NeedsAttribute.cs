using InferMesh.Api.OpenApi;

namespace InferMesh.Api.Security.Access;

/// <summary>The permission that an endpoint or a method of a gRPC service needs. One without it, and without leave for everybody, is closed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsAttribute(Permission permission) : Attribute
{
    public Permission Permission => permission;
}

internal static class NeedsExtensions
{
    /// <summary>Declares the permission that endpoints need.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder endpoint, Permission permission)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new NeedsAttribute(permission));

    /// <summary>Declares the permission that a call of the control plane needs, and that it may be refused.</summary>
    public static RouteHandlerBuilder Needs(this RouteHandlerBuilder endpoint, Permission permission) =>
        endpoint.WithMetadata(new NeedsAttribute(permission)).Refuses(StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden);
}
