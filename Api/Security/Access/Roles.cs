using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace InferMesh.Api.Security.Access;

/// <summary>What a caller is to the mesh.</summary>
internal enum Role
{
    /// <summary>Sees, changes nothing.</summary>
    Viewer,

    /// <summary>Runs the fleet.</summary>
    Operator,

    /// <summary>Runs a tenant within the limits that it was given.</summary>
    TenantAdmin,

    /// <summary>Trains.</summary>
    JobSubmitter,

    /// <summary>Sends requests.</summary>
    InferenceUser,

    /// <summary>Reports for a node.</summary>
    NodeAgent,

    /// <summary>May do everything.</summary>
    Admin,
}

/// <summary>The table of roles and permissions: the only place that says who may do what. docs/security.md shows the same, and a test compares them.</summary>
internal static class Roles
{
    private static readonly FrozenDictionary<Role, FrozenSet<Permission>> Table = new Dictionary<Role, Permission[]>
    {
        [Role.Viewer] =
        [
            Permission.FleetRead, Permission.PoliciesRead, Permission.StrategiesRead, Permission.EndpointsRead, Permission.ModelsRead, Permission.TenantsRead, Permission.JobsRead, Permission.CapacityRead,
            Permission.EventsRead, Permission.RoutingExplain, Permission.MetricsRead, Permission.ObjectsRead,
        ],
        [Role.Operator] =
        [
            Permission.FleetRead, Permission.FleetOperate, Permission.PoliciesRead, Permission.PoliciesWrite, Permission.StrategiesRead, Permission.StrategiesWrite, Permission.EndpointsRead,
            Permission.EndpointsWrite, Permission.ModelsRead, Permission.ModelsWrite, Permission.TenantsRead, Permission.JobsRead, Permission.JobsWrite, Permission.CapacityRead, Permission.EventsRead, Permission.RoutingExplain,
            Permission.MetricsRead, Permission.ObjectsRead,
        ],
        [Role.TenantAdmin] =
        [
            Permission.TenantsRead, Permission.JobsRead, Permission.JobsWrite, Permission.CapacityRead, Permission.EventsRead, Permission.Infer, Permission.KeysRead, Permission.KeysWrite,
        ],
        [Role.JobSubmitter] = [Permission.JobsRead, Permission.JobsWrite, Permission.CapacityRead],
        [Role.InferenceUser] = [Permission.Infer],
        [Role.NodeAgent] = [Permission.NodesReport],
        [Role.Admin] = [.. Access.Permissions.All],
    }.ToFrozenDictionary(row => row.Key, row => row.Value.Append(Permission.Identify).ToFrozenSet());

    private static readonly FrozenDictionary<string, Role> ByName = Enum.GetValues<Role>().ToFrozenDictionary(Name, StringComparer.Ordinal);

    /// <summary>Names of all roles, as keys, tokens and settings write them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<Role>().Select(Name)];

    /// <summary>Name of a role, such as <c>tenant-admin</c>.</summary>
    public static string Name(this Role role) => string.Concat(role.ToString().Select((c, i) => char.IsAsciiLetterUpper(c) ? $"{(i > 0 ? "-" : "")}{char.ToLowerInvariant(c)}" : $"{c}"));

    /// <summary>The role of a name.</summary>
    public static bool TryParse(string? name, [NotNullWhen(true)] out Role? role)
    {
        role = name is not null && ByName.TryGetValue(name, out var known) ? known : null;
        return role is not null;
    }

    /// <summary>What a role allows at most; a scope takes away what reaches further than it.</summary>
    public static FrozenSet<Permission> Permissions(this Role role) => Table[role];

    /// <summary>What roles allow within a scope.</summary>
    public static FrozenSet<Permission> Within(IEnumerable<Role> roles, Scope scope) => roles.SelectMany(Permissions).Where(permission => scope.Allows(permission.Reach())).ToFrozenSet();
}
