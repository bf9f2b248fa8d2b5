using InferMesh.Api.OpenApi;
using InferMesh.Api.Options;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Endpoints.Security;

/// <summary>Who the caller is to the mesh.</summary>
internal sealed record CallerView
{
    /// <summary>Name, as the audit has it.</summary>
    public required string Name { get; init; }

    /// <summary>How it has shown who it is.</summary>
    public CallerKind Kind { get; init; }

    /// <summary>Mode of the API: in development every caller on its machine is an admin.</summary>
    public SecurityMode Mode { get; init; }

    /// <summary>Roles.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Tenant that it belongs to; absent for the whole mesh.</summary>
    public string? Tenant { get; init; }

    /// <summary>Project that it belongs to; absent for the whole tenant.</summary>
    public string? Project { get; init; }

    /// <summary>The only node that it may report for; absent for any.</summary>
    public string? NodeId { get; init; }

    /// <summary>What it may do.</summary>
    public required IReadOnlyList<string> Permissions { get; init; }
}

/// <summary>Tells callers who they are.</summary>
internal static class WhoAmI
{
    public static void MapWhoAmI(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/whoami", Get).Needs(Permission.Identify)
            .Describe("Keys", "WhoAmI", "Who the caller is, and what it may do", "As the key, token or certificate of this call says; in Development mode the implicit admin.")
            .Returns<CallerView>();

    private static Ok<CallerView> Get(HttpContext context, IOptionsMonitor<SecuritySettings> settings)
    {
        var caller = context.Caller();
        return TypedResults.Ok(new CallerView
        {
            Name = caller.Name,
            Kind = caller.Kind,
            Mode = settings.CurrentValue.Mode,
            Roles = [.. caller.Roles.Select(role => role.Name())],
            Tenant = Views.Known(caller.Scope.Tenant),
            Project = Views.Known(caller.Scope.Project),
            NodeId = Views.Known(caller.NodeId),
            Permissions = [.. caller.Permissions.Select(permission => permission.Name())],
        });
    }
}
