using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Providers;
using Orleans.Storage;

namespace InferMesh.Tests.Cluster;

/// <summary>Storage whose writes fail when a test says so, before they are done or after.</summary>
internal sealed class FailingWrites(IGrainStorage inner) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly ConcurrentDictionary<string, (int Left, bool Done)> s_failing = new();

    /// <summary>Lets writes of a state fail.</summary>
    /// <param name="stateOf">Name of the state and id of the grain, as in <c>policy/policy/name</c>, or the name of the state alone for all grains that have it.</param>
    /// <param name="times">How many.</param>
    /// <param name="done">The write is done all the same, and only its answer is lost.</param>
    public static void Fail(string stateOf, int times = 1, bool done = false) => s_failing[stateOf] = (times, done);

    /// <summary>Ends that.</summary>
    public static void Repair(string stateOf) => s_failing.TryRemove(stateOf, out _);

    /// <summary>Puts itself around the default storage.</summary>
    public static void Wrap(IServiceCollection services)
    {
        var real = services.Last(static d => d.ServiceType == typeof(IGrainStorage) && d.ServiceKey as string == ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME);
        services.Remove(real);
        services.AddKeyedSingleton<IGrainStorage>(
            ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME,
            (s, key) => new FailingWrites((IGrainStorage)real.KeyedImplementationFactory!(s, key)));
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ReadStateAsync(stateName, grainId, grainState);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var failing = Take($"{stateName}/{grainId}") ?? Take(stateName);
        if (failing == false) throw new OrleansException("A test made this write fail.");
        // Orleans must not learn the new version either: who lost the answer knows only the old one.
        var (version, exists) = (grainState.ETag, grainState.RecordExists);
        await inner.WriteStateAsync(stateName, grainId, grainState);
        if (failing is null) return;
        (grainState.ETag, grainState.RecordExists) = (version, exists);
        throw new OrleansException("A test lost the answer to this write.");
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ClearStateAsync(stateName, grainId, grainState);

    public void Participate(ISiloLifecycle lifecycle) => (inner as ILifecycleParticipant<ISiloLifecycle>)?.Participate(lifecycle);

    private static bool? Take(string key)
    {
        while (s_failing.TryGetValue(key, out var now))
        {
            if (now.Left <= 0) return null;
            if (s_failing.TryUpdate(key, (now.Left - 1, now.Done), now)) return now.Done;
        }
        return null;
    }
}
