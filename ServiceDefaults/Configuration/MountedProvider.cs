using Microsoft.Extensions.Configuration;

namespace InferMesh.ServiceDefaults.Configuration;

/// <summary>
/// Settings from files that an orchestrator mounts. What cannot be read ends the start; later the last good settings stay. It is asked
/// anew by <see cref="MountedFilesWatch"/>: file watchers do not see the links that Kubernetes swaps.
/// </summary>
internal abstract class MountedProvider(string path) : ConfigurationProvider, IConfigurationSource
{
    /// <summary>The file or folder.</summary>
    public string Path { get; } = path;

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public override void Load() => Data = Read();

    /// <summary>Reads again; whether there is something new.</summary>
    /// <exception cref="Hosting.StartupException">It cannot be read; the settings are as they were.</exception>
    public bool Refresh()
    {
        var next = Read();
        if (next.Count == Data.Count && next.All(pair => Data.TryGetValue(pair.Key, out var value) && value == pair.Value))
            return false;
        Data = next;
        OnReload();
        return true;
    }

    /// <exception cref="Hosting.StartupException">It cannot be read.</exception>
    protected abstract Dictionary<string, string?> Read();
}
