using InferMesh.Grains.Abstractions.Plugins;

namespace InferMesh.Grains.Plugins;

/// <summary>Persisted content of one version of a plugin.</summary>
[GenerateSerializer, Alias("infermesh.PluginPackageState")]
internal sealed class PluginPackageState
{
    [Id(0)] public byte[] Archive { get; set; } = [];
}

/// <inheritdoc cref="IPluginPackageGrain"/>
[GrainType("plugin-package")]
internal sealed class PluginPackageGrain([PersistentState("plugin-package")] IPersistentState<PluginPackageState> state) : Grain, IPluginPackageGrain
{
    public Task<byte[]?> Get()
    {
        // Silos read it once each: no reason to keep megabytes at hand.
        DeactivateOnIdle();
        return Task.FromResult(state.State.Archive.Length > 0 ? state.State.Archive : null);
    }

    public async Task Put(byte[] archive)
    {
        DeactivateOnIdle();
        if (state.State.Archive.AsSpan().SequenceEqual(archive)) return;
        state.State.Archive = archive;
        await state.WriteStateAsync();
    }

    public async Task Delete()
    {
        DeactivateOnIdle();
        if (state.RecordExists) await state.ClearStateAsync();
    }
}
