using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Backup;
using InferMesh.Strategies.Hosting;

namespace InferMesh.Grains.Plugins;

/// <summary>Persisted content of one version of a plugin.</summary>
[GenerateSerializer, Alias("infermesh.PluginPackageState")]
internal sealed class PluginPackageState
{
    [Id(0)] public byte[] Archive { get; set; } = [];
}

/// <inheritdoc cref="IPluginPackageGrain"/>
/// <remarks>All silos read it at the same moment, once each: it stays for as long as that takes, and does not keep megabytes at hand for longer.</remarks>
[GrainType(BackedUpTypes.PluginPackage), CollectionAgeLimit(Minutes = 2)]
internal sealed class PluginPackageGrain([PersistentState("plugin-package")] IPersistentState<PluginPackageState> state, PluginLoader loader) : Grain, IPluginPackageGrain, IBackedUpGrain
{
    private const int DigestLength = 64;

    public static bool IsDigest(string text) => text.Length == DigestLength && text.All(char.IsAsciiHexDigitLower);

    public Task<byte[]?> Get() => Task.FromResult(state.State.Archive.Length > 0 ? state.State.Archive : null);

    public async Task Put(byte[] archive)
    {
        if (state.State.Archive.AsSpan().SequenceEqual(archive)) return;
        state.State.Archive = archive;
        try
        {
            await state.WriteStateAsync();
        }
        catch (Exception)
        {
            // What is in memory is not what is stored: a repetition must not find it there.
            DeactivateOnIdle();
            throw;
        }
    }

    public Task<ObjectImage?> Save() => Task.FromResult(state.State.Archive.Length > 0 ? new ObjectImage(1, false, StateText.Write(state.State)) : null);

    /// <summary>A backup is a way into the silos as a push is: what comes out of it is what its digest says, and allowed.</summary>
    public async Task<RestoreResult> Restore(ObjectImage image, bool overwrite, bool dryRun, string actor)
    {
        var digest = this.GetPrimaryKeyString();
        var there = state.State.Archive.Length > 0;
        if (StateText.Read<PluginPackageState>(image.State) is not { Archive.Length: > 0 and <= IPluginGateGrain.MaxArchiveBytes } saved) return Refused("it is no package");
        var (package, errors) = await Task.Run(() => (PluginLoader.Open(saved.Archive, out var faults), faults));
        if (package is null) return Refused(string.Join(" ", errors.Select(static e => $"{e.Field}: {e.Message}")));
        if (package.Digest != digest) return Refused($"its content is the package {package.Digest}");
        if (there) return new(RestoreStatus.Unchanged, 1);
        if (loader.Refusals(digest, inProcess: package.Manifest.Runtime != PluginRuntime.Wasm) is [var why, ..]) return Refused(why.Message);
        if (!dryRun) await Put(saved.Archive);
        return new(RestoreStatus.Created, 1);

        RestoreResult Refused(string reason) => new(RestoreStatus.Invalid, there ? 1 : 0, reason);
    }

    public async Task Delete()
    {
        DeactivateOnIdle();
        if (state.RecordExists) await state.ClearStateAsync();
    }
}
