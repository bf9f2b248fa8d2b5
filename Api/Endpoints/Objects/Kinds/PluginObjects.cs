using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Plugins;

namespace InferMesh.Api.Endpoints.Objects.Kinds;

/// <summary>Strategy plugins with their versions and which of them serves: in backups alone, because a manifest has no package.</summary>
internal sealed class PluginObjects(GrainCalls calls) : ISavedKind
{
    public string Name => "Plugin";

    public string GrainType => BackedUpTypes.Plugin;

    public bool IsKey(string key) => Names.IsValid(key);

    public bool IsPlace(string place) => IsKey(place);

    public async Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken) =>
        Page((await PluginsAsync(calls, cancellationToken)).Select(static p => p.Name), after, limit);

    internal static async Task<IReadOnlyList<MeshPlugin>> PluginsAsync(GrainCalls calls, CancellationToken cancellationToken) =>
        (await calls.RetryAsync(static g => g.GetGrain<IPluginIndexGrain>(IPluginIndexGrain.Key).List(), cancellationToken)).Plugins;

    internal static KeyPage Page(IEnumerable<string> keys, string after, int limit)
    {
        string[] left = [.. keys.Where(k => string.CompareOrdinal(k, after) > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return new([.. left.Take(limit)], left.Length > limit);
    }
}

/// <summary>The content of their versions, by digest.</summary>
internal sealed class PluginPackageObjects(GrainCalls calls) : ISavedKind
{
    private const int DigestLength = 64;

    public string Name => "PluginPackage";

    public string GrainType => BackedUpTypes.PluginPackage;

    /// <summary>Each may have megabytes.</summary>
    public int MostPerPage => 4;

    public bool IsKey(string key) => key.Length == DigestLength && key.All(char.IsAsciiHexDigitLower);

    public bool IsPlace(string place) => IsKey(place);

    public async Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken) =>
        PluginObjects.Page((await PluginObjects.PluginsAsync(calls, cancellationToken)).SelectMany(static p => p.Spec.Versions).Select(static v => v.Digest), after, limit);
}
