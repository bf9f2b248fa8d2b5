namespace InferMesh.Api.Security.Access;

/// <summary>What may be done. Every endpoint and method of the API needs one of these, or is open to everybody and says so.</summary>
internal enum Permission
{
    /// <summary>Knowing who one is: every caller that is known may.</summary>
    Identify,

    /// <summary>Nodes, cells, GPUs, topology.</summary>
    FleetRead,

    /// <summary>Cordon, drain, quarantine, register and remove nodes.</summary>
    FleetOperate,

    /// <summary>Policies.</summary>
    PoliciesRead,

    /// <summary>Change policies, pins included.</summary>
    PoliciesWrite,

    /// <summary>Strategies: the catalogue and plugins.</summary>
    StrategiesRead,

    /// <summary>Push, enable, disable, try and remove strategy plugins in the sandbox, and enable those that are there.</summary>
    StrategiesWrite,

    /// <summary>Push strategy plugins that run in the process of the silos: whoever may can do there what he likes.</summary>
    StrategiesTrust,

    /// <summary>Endpoints, who may call them included.</summary>
    EndpointsRead,

    /// <summary>Change endpoints.</summary>
    EndpointsWrite,

    /// <summary>Models and where they are.</summary>
    ModelsRead,

    /// <summary>Register, load and unload models.</summary>
    ModelsWrite,

    /// <summary>Limits and use of tenants.</summary>
    TenantsRead,

    /// <summary>Change limits: a tenant does not set its own.</summary>
    TenantsWrite,

    /// <summary>Training jobs.</summary>
    JobsRead,

    /// <summary>Submit, scale, pause and cancel training jobs.</summary>
    JobsWrite,

    /// <summary>GPUs that there are for training.</summary>
    CapacityRead,

    /// <summary>The event log.</summary>
    EventsRead,

    /// <summary>Requests of the data plane, and decisions for those who forward requests themselves.</summary>
    Infer,

    /// <summary>Dry runs of decisions, which show the whole fleet.</summary>
    RoutingExplain,

    /// <summary>Register a node, report for it, and take its orders.</summary>
    NodesReport,

    /// <summary>API keys, without their secrets.</summary>
    KeysRead,

    /// <summary>Create, rotate and revoke API keys.</summary>
    KeysWrite,

    /// <summary>The page of metrics, which has the names of tenants.</summary>
    MetricsRead,

    /// <summary>All objects as documents.</summary>
    ObjectsRead,

    /// <summary>Apply documents, of any kind.</summary>
    ObjectsWrite,

    /// <summary>All objects as they are stored, with hashes of keys and environments of jobs.</summary>
    BackupRead,

    /// <summary>Put objects of a backup in place.</summary>
    BackupWrite,
}

/// <summary>The narrowest scope whose callers may have a permission at all.</summary>
internal enum Reach
{
    /// <summary>Callers that belong to no tenant: what it opens is the whole mesh's.</summary>
    Mesh,

    /// <summary>Also callers of a tenant, for what is theirs.</summary>
    Tenant,

    /// <summary>Also callers of a project, for what is theirs.</summary>
    Project,
}

/// <summary>What is known of each permission.</summary>
internal static class Permissions
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<Permission> All = Enum.GetValues<Permission>();

    /// <summary>Name on the wire and in texts, such as <c>jobs.write</c>.</summary>
    public static string Name(this Permission permission) => permission switch
    {
        Permission.Identify => "identify",
        Permission.Infer => "infer",
        _ => Dotted(permission.ToString()),
    };

    /// <summary>Whether its calls change the mesh, and are written into the audit.</summary>
    public static bool IsChange(this Permission permission) => permission
        is Permission.FleetOperate or Permission.PoliciesWrite or Permission.StrategiesWrite or Permission.StrategiesTrust or Permission.EndpointsWrite or Permission.ModelsWrite or Permission.TenantsWrite or Permission.JobsWrite or Permission.KeysWrite
        or Permission.ObjectsWrite or Permission.BackupRead or Permission.BackupWrite;

    /// <summary>Who may have it.</summary>
    public static Reach Reach(this Permission permission) => permission switch
    {
        Permission.Identify or Permission.Infer or Permission.JobsRead or Permission.JobsWrite or Permission.CapacityRead => Access.Reach.Project,
        Permission.TenantsRead or Permission.EventsRead or Permission.KeysRead or Permission.KeysWrite => Access.Reach.Tenant,
        _ => Access.Reach.Mesh,
    };

    private static string Dotted(string name)
    {
        var second = 1 + name.AsSpan(1).IndexOfAnyInRange('A', 'Z');
        return $"{name[..second].ToLowerInvariant()}.{name[second..].ToLowerInvariant()}";
    }
}
