using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Experiments;

/// <inheritdoc cref="IExperimentIndexGrain"/>
[GrainType("experiment-index"), KeepAlive]
internal sealed partial class ExperimentIndexGrain(TimeProvider time, ILogger<ExperimentIndexGrain> logger)
    : VersionedIndexGrain<MeshExperiment>(DirectoryKeys.Experiments, time, logger), IExperimentIndexGrain
{
    private readonly ConcurrentDictionary<string, bool> _unread = new(StringComparer.Ordinal);

    public async Task<ExperimentListing> List()
    {
        await LoadedAsync();
        return Listing();
    }

    public async Task<ExperimentListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => await IsNewerAsync(incarnation, version, wait) ? Listing() : null;

    protected override async Task<IReadOnlyList<MeshExperiment>> HistoryAsync(string name)
    {
        try
        {
            var history = await GrainFactory.GetGrain<IExperimentGrain>(name).History();
            _unread.TryRemove(name, out _);
            return history;
        }
        catch (Exception e)
        {
            // Routing tables wait for the listing: one that cannot be read must not keep a silo from serving. It is asked for again with the next round.
            if (_unread.TryAdd(name, true)) NotRead(name, e.Message);
            return [];
        }
    }

    private ExperimentListing Listing() => new(Incarnation, ListVersion, Existing);

    [LoggerMessage(LogLevel.Error, "Experiment {Name} cannot be read, and its arms do not serve until it can, unless it was read before: {Reason}")]
    private partial void NotRead(string name, string reason);
}
