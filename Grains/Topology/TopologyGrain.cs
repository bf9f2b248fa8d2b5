using InferMesh.Grains.Abstractions.Topology;

namespace InferMesh.Grains.Topology;

/// <inheritdoc cref="ITopologyGrain"/>
[GrainType("topology")]
internal sealed class TopologyGrain(TimeProvider time) : Grain, ITopologyGrain
{
    private const int MaxApis = 256;

    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(20);

    private readonly SortedDictionary<string, (ApiPlace Api, long At)> _apis = new(StringComparer.Ordinal);

    public Task Announce(ApiPlace api)
    {
        Forget();
        if (_apis.Count < MaxApis || _apis.ContainsKey(api.Name)) _apis[api.Name] = (api, time.GetTimestamp());
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ApiPlace>> List()
    {
        Forget();
        return Task.FromResult<IReadOnlyList<ApiPlace>>([.. _apis.Values.Select(a => a.Api)]);
    }

    private void Forget()
    {
        foreach (var gone in _apis.Where(a => time.GetElapsedTime(a.Value.At) > Remembered).Select(a => a.Key).ToArray()) _apis.Remove(gone);
    }
}
