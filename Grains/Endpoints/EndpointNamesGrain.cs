using InferMesh.Grains.Abstractions.Endpoints;

namespace InferMesh.Grains.Endpoints;

/// <summary>Who has which name.</summary>
[GenerateSerializer, Alias("infermesh.EndpointNamesState")]
internal sealed class EndpointNamesState
{
    [Id(0)] public Dictionary<string, string> Owners { get; set; } = [];
}

/// <inheritdoc cref="IEndpointNamesGrain"/>
[GrainType("endpoint-names")]
internal sealed class EndpointNamesGrain([PersistentState("endpoint-names")] IPersistentState<EndpointNamesState> state) : Grain, IEndpointNamesGrain
{
    public async Task<IReadOnlyDictionary<string, string>> Claim(string endpoint, IReadOnlyList<string> names)
    {
        var owners = state.State.Owners;
        var taken = OwnedByOthers(endpoint, names);
        if (taken.Count > 0) return taken;
        var missing = names.Where(n => !owners.ContainsKey(n)).ToArray();
        foreach (var name in missing) owners[name] = endpoint;
        if (missing.Length > 0) await CommitAsync();
        return taken;
    }

    public Task<IReadOnlyDictionary<string, string>> Taken(string endpoint, IReadOnlyList<string> names) =>
        Task.FromResult<IReadOnlyDictionary<string, string>>(OwnedByOthers(endpoint, names));

    public async Task KeepOnly(string endpoint, IReadOnlyList<string> names)
    {
        var owners = state.State.Owners;
        var freed = owners.Where(o => o.Value == endpoint).Select(o => o.Key).Except(names).ToArray();
        foreach (var name in freed) owners.Remove(name);
        if (freed.Length > 0) await CommitAsync();
    }

    private Dictionary<string, string> OwnedByOthers(string endpoint, IReadOnlyList<string> names)
    {
        var owners = state.State.Owners;
        return names.Where(n => owners.TryGetValue(n, out var owner) && owner != endpoint).Distinct().ToDictionary(n => n, n => owners[n]);
    }

    private async Task CommitAsync()
    {
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            // What is in memory is not what is stored: the next activation reads the truth.
            DeactivateOnIdle();
            throw;
        }
    }
}
