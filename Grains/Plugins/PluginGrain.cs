using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Events;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Plugins;

/// <summary>What was stored of one plugin, newest first.</summary>
[GenerateSerializer, Alias("infermesh.PluginState")]
internal sealed class PluginState : IVersionedState<MeshPlugin>
{
    [Id(0)] public List<MeshPlugin> Versions { get; set; } = [];

    [Id(1)] public OutboxState Outbox { get; set; } = OutboxState.Empty;
}

/// <inheritdoc cref="IPluginGrain"/>
/// <remarks>Content is stored before the version that needs it, and removed after the last one that did: a silo never finds a version without its content, unless it is about to go.</remarks>
[GrainType(BackedUpTypes.Plugin)]
internal sealed partial class PluginGrain([PersistentState("plugin")] IPersistentState<PluginState> state, TimeProvider time, ILogger<PluginGrain> logger)
    : VersionedGrain<MeshPlugin, PluginSpec, PluginState>(Kind, state, time, logger), IPluginGrain, IBackedUpGrain
{
    private static readonly VersionedKind Kind = new("Plugin", DirectoryKeys.Plugins, EventTypes.PluginPushed, EventTypes.PluginPushed, EventTypes.PluginRemoved);

    private PluginSpec Spec => Current?.Spec ?? new();

    /// <summary>Fewer than of small objects: each has the description of every version.</summary>
    protected override int HistoryLength => 10;

    public async Task<PluginResult> Add(PluginVersion version, byte[] archive, string actor)
    {
        var spec = Spec;
        if (spec.Find(version.Version) is { } there)
        {
            if (there.Digest != version.Digest)
                return Refused(PluginStatus.Conflict, [], new FieldError("version", $"{version.Version} is there with other content, of digest {there.Digest}: a version never changes. Push it under another one."));
            // Silos that miss the content ask for it to be pushed again.
            await Content(version).Put(archive);
            return Result(PluginStatus.Accepted);
        }
        if (spec.Versions is [var other, ..] && other.Kind != version.Kind)
            return Refused(PluginStatus.Conflict, [], new FieldError("kind", $"is {version.Kind}, and '{Name}' is a plugin of kind {other.Kind}: push it under another name, or remove that first."));
        var kept = spec.Versions;
        if (kept.Count >= IPluginGrain.MaxVersions)
        {
            var users = await PluginUser.FindAsync(GrainFactory, Name);
            if (kept.LastOrDefault(v => v.Version != spec.Current && v.Version != spec.Previous && users.All(u => u.Version != v.Version)) is not { } oldest)
                return Refused(PluginStatus.Conflict, [.. users.Select(static u => u.Label)], new FieldError("version", $"{kept.Count} versions are kept and all of them used: remove one first."));
            kept = [.. kept.Where(v => v != oldest)];
        }
        await Content(version).Put(archive);
        return await ChangeAsync(spec with { Versions = [version, .. kept] }, EventTypes.PluginPushed, actor, ("to", version.Version), ("digest", version.Digest));
    }

    public async Task<PluginResult> Enable(string version, bool force, string actor)
    {
        if (Current is null) return Refused(PluginStatus.NotFound, []);
        return await ServeAsync(version.Length > 0 ? version : Spec.Versions[0].Version, force, EventTypes.PluginEnabled, actor);
    }

    public async Task<PluginResult> Rollback(bool force, string actor)
    {
        if (Current is null) return Refused(PluginStatus.NotFound, []);
        return Spec.Previous.Length > 0
            ? await ServeAsync(Spec.Previous, force, EventTypes.PluginRolledBack, actor)
            : Refused(PluginStatus.Conflict, [], new FieldError("version", $"No other version of '{Name}' that is kept was enabled before: enable one by its version."));
    }

    public async Task<PluginResult> Disable(bool force, string actor)
    {
        if (Current is null) return Refused(PluginStatus.NotFound, []);
        if (!Spec.Enabled) return Result(PluginStatus.Accepted);
        if (!force && await PluginUser.FindAsync(GrainFactory, Name) is { Count: > 0 } users) return InUse(users, "disabled");
        return await ChangeAsync(Spec with { Enabled = false }, EventTypes.PluginDisabled, actor, ("from", Spec.Current), ("to", ""));
    }

    public async Task<PluginResult> Remove(string version, bool force, string actor)
    {
        if (Current is null) return Refused(PluginStatus.NotFound, []);
        var spec = Spec;
        if (version.Length > 0 && spec.Find(version) is null) return Unknown(version);
        var removesAll = version.Length == 0 || spec.Versions.Count == 1;
        var isCurrent = version == spec.Current;
        // Without the version that is enabled the plugin is not, and no version of it serves.
        var stops = removesAll || (isCurrent && spec.Enabled);
        var users = force ? [] : (await PluginUser.FindAsync(GrainFactory, Name)).Where(u => stops || u.Version == version || (isCurrent && u.Version.Length == 0)).ToArray();
        if (users.Length > 0) return InUse(users, "removed");
        (string, string) what = ("from", removesAll ? string.Join(",", spec.Versions.Select(static v => v.Version)) : version);
        if (removesAll) return await ChangeAsync(spec, EventTypes.PluginRemoved, actor, deleted: true, what);
        var left = spec with
        {
            Versions = [.. spec.Versions.Where(v => v.Version != version)],
            Current = isCurrent ? "" : spec.Current,
            Enabled = !isCurrent && spec.Enabled,
            Previous = spec.Previous == version ? "" : spec.Previous,
        };
        return await ChangeAsync(left, EventTypes.PluginRemoved, actor, what);
    }

    protected override PluginSpec SpecOf(MeshPlugin version) => version.Spec;

    protected override MeshPlugin Make(PluginSpec spec, long version, DateTimeOffset at, string actor, bool deleted) =>
        new() { Name = Name, Version = version, Spec = spec, ChangedAt = at, ChangedBy = actor, Deleted = deleted };

    async Task<RestoreResult> IBackedUpGrain.Restore(ObjectImage image, bool overwrite, bool dryRun, string actor)
    {
        var before = Spec.Versions;
        var result = await Restore(image, overwrite, dryRun, actor);
        if (!dryRun) foreach (var gone in before.Where(v => Spec.Versions.All(s => s.Digest != v.Digest))) await ForgetAsync(gone);
        return result;
    }

    /// <summary>Asked of what comes out of a backup alone: all else was made by the gate.</summary>
    protected override Task<IReadOnlyList<FieldError>> FaultsAsync(PluginSpec spec)
    {
        var errors = new List<FieldError>();
        if (spec.Versions.Count is 0 or > IPluginGrain.MaxVersions) errors.Add(new("versions", $"must be 1 to {IPluginGrain.MaxVersions}."));
        if (!spec.Versions.All(static v => PluginPackageGrain.IsDigest(v.Digest))) errors.Add(new("versions", "have a digest that is none."));
        if (spec.Versions.DistinctBy(static v => v.Version).Count() != spec.Versions.Count || spec.Versions.DistinctBy(static v => v.Kind).Count() > 1) errors.Add(new("versions", "must be of one kind, each there once."));
        if (spec.Enabled && spec.Find("") is null) errors.Add(new("current", $"'{spec.Current}' is none of the versions."));
        return Task.FromResult<IReadOnlyList<FieldError>>(errors);
    }

    protected override Task PublishAsync(MeshPlugin version) => GrainFactory.GetGrain<IPluginIndexGrain>(IPluginIndexGrain.Key).Changed(version);

    private async Task<PluginResult> ServeAsync(string version, bool force, string type, string actor)
    {
        var spec = Spec;
        if (spec.Find(version) is not { } wanted) return Unknown(version);
        if (spec.Enabled && spec.Current == version) return Result(PluginStatus.Accepted);
        if (!force)
        {
            // Policies that name this version by itself were checked against it.
            var users = (await PluginUser.FindAsync(GrainFactory, Name)).Where(static u => u.Version.Length == 0).ToArray();
            var misfits = users.SelectMany(u => u.Misfits(Name, wanted)).ToArray();
            if (misfits.Length > 0) return Refused(PluginStatus.Conflict, [.. users.Where(u => u.Misfits(Name, wanted).Any()).Select(static u => u.Label)], misfits);
        }
        var previous = spec.Current.Length > 0 && spec.Current != version ? spec.Current : spec.Previous;
        return await ChangeAsync(spec with { Current = version, Previous = previous, Enabled = true }, type, actor, ("from", spec.Enabled ? spec.Current : ""), ("to", version), ("digest", wanted.Digest));
    }

    private Task<PluginResult> ChangeAsync(PluginSpec spec, string type, string actor, params IReadOnlyList<(string, string)> facts) => ChangeAsync(spec, type, actor, deleted: false, facts);

    private async Task<PluginResult> ChangeAsync(PluginSpec spec, string type, string actor, bool deleted, params IReadOnlyList<(string, string)> facts)
    {
        var before = Spec.Versions;
        await WriteAsync(spec, deleted, actor, type: type, facts: facts);
        foreach (var gone in before.Where(v => deleted || spec.Versions.All(s => s.Digest != v.Digest))) await ForgetAsync(gone);
        return Result(PluginStatus.Accepted);
    }

    private async Task ForgetAsync(PluginVersion version)
    {
        try
        {
            await Content(version).Delete();
        }
        catch (Exception e)
        {
            // It takes room and does no harm: nothing refers to it.
            NotForgotten(Name, version.Version, e.Message);
        }
    }

    private IPluginPackageGrain Content(PluginVersion version) => GrainFactory.GetGrain<IPluginPackageGrain>(version.Digest);

    private PluginResult Unknown(string version) => Refused(
        PluginStatus.NotFound, [], new FieldError("version", $"Plugin '{Name}' has no version {version}. There are: {string.Join(", ", Spec.Versions.Select(static v => v.Version))}."));

    private PluginResult InUse(IReadOnlyList<PluginUser> users, string done) => Refused(
        PluginStatus.Conflict, [.. users.Select(static u => u.Label)],
        new FieldError("name", $"'{Name}' cannot be {done} while it is named by {string.Join(", ", users.Select(static u => u.Label))}: change those first, or force it and let their fallbacks serve."));

    private PluginResult Result(PluginStatus status) => new(status, Current, [], []);

    private PluginResult Refused(PluginStatus status, IReadOnlyList<string> usedBy, params IReadOnlyList<FieldError> errors) => new(status, Current, errors, usedBy);

    [LoggerMessage(LogLevel.Warning, "The content of plugin {Plugin} version {Version} could not be removed: {Reason}")]
    private partial void NotForgotten(string plugin, string version, string reason);
}
