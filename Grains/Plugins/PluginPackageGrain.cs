using InferMesh.Grains.Abstractions.Plugins;

namespace InferMesh.Grains.Plugins;

/// <summary>Persisted content of one version of a plugin.</summary>
[GenerateSerializer, Alias("infermesh.PluginPackageState")]
internal sealed class PluginPackageState
{
    [Id(0)] public byte[] Archive { get; set; } = [];
}

/// <inheritdoc cref="IPluginPackageGrain"/>
/// <remarks>All silos read it at the same moment, once each: it stays for as long as that takes, and does not keep megabytes at hand for longer.</remarks>
[GrainType("plugin-package"), CollectionAgeLimit(Minutes = 2)]
internal sealed class PluginPackageGrain([PersistentState("plugin-package")] IPersistentState<PluginPackageState> state) : Grain, IPluginPackageGrain
{
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

    public async Task Delete()
    {
        DeactivateOnIdle();
        if (state.RecordExists) await state.ClearStateAsync();
    }
}
