using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Strategies.Hosting;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>Plugins that are named by nobody, unless a test says by whom.</summary>
internal sealed class FakePlugins : IPluginIndexGrain, IPluginGateGrain
{
    private readonly ConcurrentDictionary<string, FakePlugin> _plugins = new();

    /// <summary>When everything happened.</summary>
    public static DateTimeOffset Then { get; } = DateTimeOffset.UnixEpoch.AddDays(365);

    /// <summary>Who names a plugin, by its name.</summary>
    public Dictionary<string, string[]> Users { get; } = [];

    public FakePlugin Plugin(string name) => _plugins.GetOrAdd(name, key => new FakePlugin(key, this));

    public async Task<PluginResult> Push(PluginUpload upload, string actor)
    {
        using var stream = new MemoryStream(upload.Archive);
        if (PluginPackage.TryRead(stream, out var errors) is not { } package) return new(PluginStatus.Invalid, null, [.. errors.Select(e => new FieldError(e.Field, e.Message))], []);
        var manifest = package.Manifest;
        if (manifest.Runtime == PluginRuntime.DotNet && !upload.MayTrust) return new(PluginStatus.Forbidden, null, [new("runtime", "needs the permission strategies.trust.")], []);
        var version = new PluginVersion
        {
            Version = manifest.Version,
            Digest = package.Digest,
            Runtime = "wasm",
            Description = manifest.Description,
            ArchiveBytes = 1000,
            PushedAt = Then,
            PushedBy = actor,
            Parameters = [.. manifest.Parameters.Select(p => new PluginParameter(p.Name, p.Unit, p.Default, p.Min, p.Max, p.Description))],
        };
        return upload.DryRun ? new(PluginStatus.Accepted, new() { Name = manifest.Name, Spec = new() { Versions = [version] } }, [], []) : await Plugin(manifest.Name).Add(version, upload.Archive, actor);
    }

    public Task Changed(MeshPlugin plugin) => throw new NotSupportedException();

    public Task<PluginListing> List() => Task.FromResult(new PluginListing(1, 1, [.. _plugins.Values.Select(p => p.Current).OfType<MeshPlugin>().OrderBy(p => p.Name, StringComparer.Ordinal)]));

    public Task<PluginListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => throw new NotSupportedException();
}

internal sealed class FakePlugin(string name, FakePlugins plugins) : IPluginGrain
{
    private long _version;

    public MeshPlugin? Current { get; private set; }

    private string[] Users => plugins.Users.GetValueOrDefault(name, []);

    public Task<MeshPlugin?> Get() => Task.FromResult(Current);

    public Task<IReadOnlyList<MeshPlugin>> History() => throw new NotSupportedException();

    public Task<PluginResult> Add(PluginVersion version, byte[] archive, string actor)
    {
        var spec = Current?.Spec ?? new();
        if (spec.Find(version.Version) is { } there && there.Digest != version.Digest)
            return Task.FromResult(new PluginResult(PluginStatus.Conflict, Current, [new("version", $"{version.Version} is there with other content.")], []));
        return Write(spec with { Versions = [version, .. spec.Versions.Where(v => v.Version != version.Version)] }, actor);
    }

    public Task<PluginResult> Enable(string version, bool force, string actor)
    {
        if (Current is not { Spec: var spec }) return Task.FromResult(Missing());
        var wanted = version.Length > 0 ? version : spec.Versions[0].Version;
        return spec.Find(wanted) is null ? Task.FromResult(Missing(wanted)) : Write(spec with { Enabled = true, Current = wanted, Previous = spec.Current }, actor);
    }

    public Task<PluginResult> Disable(bool force, string actor) =>
        Current is null ? Task.FromResult(Missing()) : Users.Length > 0 && !force ? Task.FromResult(InUse()) : Write(Current.Spec with { Enabled = false }, actor);

    public Task<PluginResult> Rollback(bool force, string actor) =>
        Current is null ? Task.FromResult(Missing())
        : Current.Spec.Previous.Length > 0 ? Enable(Current.Spec.Previous, force, actor)
        : Task.FromResult(new PluginResult(PluginStatus.Conflict, Current, [new("version", "No other version was enabled before.")], []));

    public Task<PluginResult> Remove(string version, bool force, string actor)
    {
        if (Current is not { Spec: var spec }) return Task.FromResult(Missing());
        if (version.Length > 0 && spec.Find(version) is null) return Task.FromResult(Missing(version));
        if (Users.Length > 0 && !force) return Task.FromResult(InUse());
        if (version.Length > 0 && spec.Versions.Count > 1) return Write(spec with { Versions = [.. spec.Versions.Where(v => v.Version != version)] }, actor);
        Current = null;
        return Task.FromResult(new PluginResult(PluginStatus.Accepted, null, [], []));
    }

    private Task<PluginResult> Write(PluginSpec spec, string actor)
    {
        Current = new() { Name = name, Version = ++_version, Spec = spec, ChangedAt = FakePlugins.Then, ChangedBy = actor };
        return Task.FromResult(new PluginResult(PluginStatus.Accepted, Current, [], []));
    }

    private PluginResult Missing(string version = "") => new(PluginStatus.NotFound, Current, version.Length > 0 ? [new("version", $"There is no version {version}.")] : [], []);

    private PluginResult InUse() => new(PluginStatus.Conflict, Current, [new("name", $"It is named by {string.Join(", ", Users)}.")], Users);
}
