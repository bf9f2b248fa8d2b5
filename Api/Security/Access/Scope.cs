namespace InferMesh.Api.Security.Access;

/// <summary>Whose things a caller may see and change.</summary>
/// <param name="Tenant">Tenant; "" for the whole mesh.</param>
/// <param name="Project">Project of the tenant; "" for the whole tenant.</param>
internal readonly record struct Scope(string Tenant, string Project)
{
    public static Scope Mesh { get; } = new("", "");

    public bool IsMesh => Tenant.Length == 0;

    /// <summary>The one tenant that it reaches; null for the whole mesh.</summary>
    public string? OnlyTenant => IsMesh ? null : Tenant;

    /// <summary>Whether callers of this scope may have permissions of a reach.</summary>
    public bool Allows(Reach reach) => IsMesh || reach == Reach.Project || (reach == Reach.Tenant && Project.Length == 0);

    /// <summary>Whether something of a tenant and project is within it.</summary>
    public bool Contains(string tenant, string project) => IsMesh || (tenant == Tenant && (Project.Length == 0 || project == Project));

    /// <summary>Whether another scope is no wider.</summary>
    public bool Contains(Scope other) => IsMesh || (!other.IsMesh && Contains(other.Tenant, other.Project));

    /// <inheritdoc />
    public override string ToString() => IsMesh ? "the mesh" : Project.Length == 0 ? $"tenant {Tenant}" : $"project {Project} of tenant {Tenant}";
}
