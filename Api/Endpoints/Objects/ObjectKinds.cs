using InferMesh.Api.Endpoints.Objects.Kinds;

namespace InferMesh.Api.Endpoints.Objects;

/// <summary>The kinds of object, those first that others may refer to: in this order they are applied, exported and restored.</summary>
internal sealed class ObjectKinds(IEnumerable<IObjectKind> kinds, PluginPackageObjects packages, PluginObjects plugins)
{
    public IReadOnlyList<IObjectKind> All { get; } = [.. kinds];

    /// <summary>The same with what is in backups alone.</summary>
    public IReadOnlyList<ISavedKind> Saved { get; } = [packages, plugins, .. kinds, new KeyRingObjects()];

    /// <summary>A kind by its name, whatever its case; null when there is none.</summary>
    public IObjectKind? Find(string? name) => All.FirstOrDefault(kind => kind.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>A kind of <see cref="Saved"/> by its name, whatever its case; null when there is none.</summary>
    public ISavedKind? FindSaved(string? name) => Saved.FirstOrDefault(kind => kind.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public int OrderOf(IObjectKind kind) => All.Index().First(k => k.Item == kind).Index;

    /// <summary>All names, for messages.</summary>
    public string Names => string.Join(", ", All.Select(kind => kind.Name));

    /// <summary>Names of <see cref="Saved"/>, for messages.</summary>
    public string SavedNames => string.Join(", ", Saved.Select(kind => kind.Name));
}

internal static class ObjectExtensions
{
    public static IServiceCollection AddObjects(this IServiceCollection services) => services
        .AddSingleton<IObjectKind, TenantObjects>()
        .AddSingleton<IObjectKind, NodeObjects>()
        .AddSingleton<IObjectKind, ModelObjects>()
        .AddSingleton<IObjectKind, PolicyObjects>()
        .AddSingleton<IObjectKind, EndpointObjects>()
        .AddSingleton<IObjectKind, ExperimentObjects>()
        .AddSingleton<IObjectKind, JobObjects>()
        .AddSingleton<PluginPackageObjects>()
        .AddSingleton<PluginObjects>()
        .AddSingleton<ObjectKinds>()
        .AddSingleton<ObjectPlanner>();
}
