using Microsoft.Extensions.Configuration;

namespace InferMesh.ServiceDefaults.Options;

/// <summary>Every settings class of a process and what is wrong with each, so that all errors can be told at once.</summary>
internal sealed class MeshOptionsRegistry
{
    private const string Root = "InferMesh";
    private readonly List<(string Path, IReadOnlyList<SettingError> Errors)> _sections = [];
    private readonly HashSet<string> _foreign = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Checks that need the service provider: one per settings class.</summary>
    public List<Func<IServiceProvider, IEnumerable<SettingError>>> LateChecks { get; } = [];

    public void Add(string path, IReadOnlyList<SettingError> errors) => _sections.Add((path, errors));

    /// <summary>Sections that other processes of the mesh read: known, though not read here.</summary>
    public void AllowForeign(IEnumerable<string> paths) => _foreign.UnionWith(paths);

    public IReadOnlyList<SettingError> Errors(IConfiguration configuration) =>
        [.. _sections.SelectMany(section => section.Errors), .. UnknownSections(configuration.GetSection(Root))];

    private IEnumerable<SettingError> UnknownSections(IConfigurationSection root)
    {
        string[] known = [.. _sections.Select(section => section.Path).Concat(_foreign)];
        foreach (var child in root.GetChildren())
        {
            var isKnown = known.Any(path => path.Equals(child.Path, StringComparison.OrdinalIgnoreCase)
                || path.StartsWith(child.Path + ConfigurationPath.KeyDelimiter, StringComparison.OrdinalIgnoreCase));
            if (!isKnown)
                yield return new SettingError(child.Path, null, "unknown section; known sections: " + string.Join(", ", known.Order(StringComparer.Ordinal)));
        }
    }
}
