using InferMesh.Api.Security.Callers;

namespace InferMesh.Api.Security.Access;

/// <summary>Whose what a caller brings is: its own tenant's, whatever it leaves out, and nobody else's.</summary>
/// <param name="Tenant">Tenant; "" when nobody says.</param>
/// <param name="Project">Project; "" when nobody says.</param>
/// <param name="Refusal">Why the caller may not bring it; null when it may.</param>
internal readonly record struct Ownership(string Tenant, string Project, string? Refusal)
{
    /// <param name="caller">Who brings it.</param>
    /// <param name="tenant">Tenant that it names; "" for none.</param>
    /// <param name="project">Project that it names; "" for none.</param>
    public static Ownership Of(Caller caller, string tenant, string project)
    {
        var scope = caller.Scope;
        if (scope.IsMesh) return new(tenant, project, null);
        if (tenant.Length > 0 && tenant != scope.Tenant) return new(tenant, project, $"{caller.Name} belongs to {scope} and may not speak for tenant {tenant}.");
        return scope.Project.Length > 0 && project.Length > 0 && project != scope.Project
            ? new(tenant, project, $"{caller.Name} belongs to {scope} and may not speak for project {project}.")
            : new(scope.Tenant, scope.Project.Length > 0 ? scope.Project : project, null);
    }
}
