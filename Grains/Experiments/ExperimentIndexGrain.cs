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
    // A listing without an experiment takes its arms from all silos, and what they have counted with them: the first one waits a while for those that cannot be read.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, bool> _unread = new(StringComparer.Ordinal);
    private readonly TimeProvider _time = time;
    private long _began;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _began = _time.GetTimestamp();
        this.RegisterGrainTimer(ReadAgainAsync, new GrainTimerCreationOptions(RetryPeriod, RetryPeriod) { Interleave = true });
        return base.OnActivateAsync(cancellationToken);
    }

    public async Task<ExperimentListing> List()
    {
        await LoadedAsync();
        return Listing();
    }

    public async Task<ExperimentListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => await IsNewerAsync(incarnation, version, wait) ? Listing() : null;

    protected override async Task<IReadOnlyList<MeshExperiment>> HistoryAsync(string name)
    {
        while (true)
        {
            try
            {
                var history = await GrainFactory.GetGrain<IExperimentGrain>(name).History();
                _unread.TryRemove(name, out _);
                return history;
            }
            catch (Exception e)
            {
                // Routing tables wait for the listing: one that cannot be read must not keep a silo from serving for longer than that.
                if (_unread.TryAdd(name, true)) NotRead(name, e.Message);
                if (_time.GetElapsedTime(_began) >= Patience) return [];
            }
            await Task.Delay(RetryPeriod / 4, _time);
        }
    }

    private async Task ReadAgainAsync(CancellationToken cancellationToken)
    {
        foreach (var name in _unread.Keys)
        {
            if (await HistoryAsync(name) is [var newest, ..]) await Changed(newest);
        }
    }

    private ExperimentListing Listing() => new(Incarnation, ListVersion, Existing);

    [LoggerMessage(LogLevel.Error, "Experiment {Name} cannot be read, and its arms do not serve until it can, unless it was read before: {Reason}")]
    private partial void NotRead(string name, string reason);
}
