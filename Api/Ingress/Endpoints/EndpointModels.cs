using InferMesh.Api.Ingress.Models;
using InferMesh.Api.Security.Access;

namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>Endpoints and their aliases among the models that requests can be routed to.</summary>
internal static class EndpointModels
{
    /// <summary>Both by name; an endpoint stands in the place of a model that it hides, and without a live model it is not listed.</summary>
    public static IReadOnlyList<ServedModel> Merge(IReadOnlyList<ServedModel> models, EndpointTable table)
    {
        if (table.All.Count == 0) return models;
        var live = models.ToDictionary(m => m.Id, StringComparer.Ordinal);
        // Also without a live model it hides a model of its name: nobody reaches that one.
        var visible = models.Where(m => table.Find(m.Id) is null);
        return [.. visible.Concat(table.All.SelectMany(endpoint => Entries(endpoint, table, live))).OrderBy(m => m.Id, StringComparer.Ordinal)];
    }

    /// <summary>Without the endpoints of other tenants.</summary>
    public static IReadOnlyList<ServedModel> Visible(IReadOnlyList<ServedModel> models, EndpointTable table, Scope scope) =>
        scope.IsMesh ? models : [.. models.Where(m => table.Find(m.Id)?.IsHiddenFrom(scope) != true)];

    private static IEnumerable<ServedModel> Entries(ServingEndpoint endpoint, EndpointTable table, Dictionary<string, ServedModel> live)
    {
        ServedModel[] behind = [.. endpoint.Arms.Select(arm => live.GetValueOrDefault(arm.Model)).OfType<ServedModel>()];
        if (!endpoint.Spec.Enabled || behind.Length == 0) return [];
        return endpoint.Names.Where(name => table.Find(name) == endpoint).Select(name =>
            new ServedModel(name, behind.Max(m => m.Created), behind.Sum(m => m.Replicas), behind.All(m => m.Synthetic)) { EndpointModels = [.. behind.Select(m => m.Id)] });
    }
}
