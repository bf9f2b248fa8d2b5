using System.Threading.Channels;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Options;
using InferMesh.Grains.Plugins;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Routing;

/// <summary>
/// Keeps the silo's routing table fresh: one long poll for the directory of cells, one per cell, one each for the policies, the endpoints, the tenants and the experiments. What they bring, and other plugins,
/// within a table period makes one new table. When a poll fails, the last state stays in force and the poll is tried again.
/// </summary>
internal sealed partial class RoutingTableRefresher(
    IGrainFactory grains, RoutingTableCache cache, RoutingTableBuilder builder, SiloPlugins plugins, IClusterSize cluster, TimeProvider time,
    IOptions<RoutingSettings> settings, ILogger<RoutingTableRefresher> logger) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    // What cannot be read for so long after the start is done without.
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AgePeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly Channel<Action> _changes = Channel.CreateUnbounded<Action>(new() { SingleReader = true });
    private readonly FirstNews _first = new("cells", "policies", "endpoints", "tenants", "experiments", "plugins");
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, CancellationTokenSource> _cells = new(StringComparer.Ordinal);
    private Task _running = Task.CompletedTask;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(RoutingTableRefresher), ServiceLifecycleStage.Active, _ =>
        {
            // Not under the start-up token: they run until the silo stops.
            _running = Task.WhenAll(
                Task.Run(WatchCellsAsync, CancellationToken.None), Task.Run(WatchPoliciesAsync, CancellationToken.None),
                Task.Run(WatchEndpointsAsync, CancellationToken.None), Task.Run(WatchTenantsAsync, CancellationToken.None),
                Task.Run(WatchExperimentsAsync, CancellationToken.None), Task.Run(WatchPluginsAsync, CancellationToken.None), Task.Run(BuildAsync, CancellationToken.None));
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

    public void Dispose() => _stop.Dispose();

    private Task WatchCellsAsync()
    {
        var version = -1L;
        var listed = false;
        return PollAsync("cells", async () =>
        {
            if (await grains.GetGrain<IDirectoryGrain>(DirectoryKeys.Cells).WaitForChange(version, settings.Value.LongPoll) is not { } listing) return;
            version = listing.Version;
            if (!listed)
            {
                listed = true;
                foreach (var cell in listing.Names) _first.Await(CellNews(cell));
                Came("cells");
            }
            foreach (var cell in listing.Names.Where(c => !_cells.ContainsKey(c)))
            {
                var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                _cells[cell] = cancel;
                _ = Task.Run(() => WatchCellAsync(cell, cancel.Token));
            }
            foreach (var gone in _cells.Keys.Except(listing.Names).ToArray())
            {
                _cells.Remove(gone, out var cancel);
                await cancel!.CancelAsync();
                _changes.Writer.TryWrite(() => builder.Drop(gone));
                Came(CellNews(gone));
            }
        }, _stop.Token);
    }

    private Task WatchCellAsync(string cell, CancellationToken stop)
    {
        long incarnation = 0, version = 0;
        return PollAsync(cell, async () =>
        {
            if (await grains.GetGrain<ICellSummaryGrain>(cell).WaitForNewer(incarnation, version, settings.Value.LongPoll) is not { } snapshot) return;
            (incarnation, version) = (snapshot.Incarnation, snapshot.Version);
            if (stop.IsCancellationRequested) return;
            _changes.Writer.TryWrite(() => builder.Take(snapshot));
            Came(CellNews(cell));
        }, stop);
    }

    private Task WatchPoliciesAsync()
    {
        long incarnation = 0, version = 0;
        return PollAsync("policies", async () =>
        {
            if (await grains.GetGrain<IPolicyIndexGrain>(IPolicyIndexGrain.Key).WaitForNewer(incarnation, version, settings.Value.LongPoll) is not { } listing) return;
            (incarnation, version) = (listing.Incarnation, listing.Version);
            _changes.Writer.TryWrite(() => builder.Take(listing.Policies));
            Came("policies");
        }, _stop.Token);
    }

    private Task WatchEndpointsAsync()
    {
        long incarnation = 0, version = 0;
        return PollAsync("endpoints", async () =>
        {
            if (await grains.GetGrain<IEndpointIndexGrain>(IEndpointIndexGrain.Key).WaitForNewer(incarnation, version, settings.Value.LongPoll) is not { } listing) return;
            (incarnation, version) = (listing.Incarnation, listing.Version);
            _changes.Writer.TryWrite(() => builder.TakeEndpoints(listing.Endpoints));
            Came("endpoints");
        }, _stop.Token);
    }

    private Task WatchTenantsAsync()
    {
        long incarnation = 0, version = 0;
        return PollAsync("tenants", async () =>
        {
            if (await grains.GetGrain<ITenantIndexGrain>(ITenantIndexGrain.Key).WaitForNewer(incarnation, version, settings.Value.LongPoll) is not { } listing) return;
            (incarnation, version) = (listing.Incarnation, listing.Version);
            _changes.Writer.TryWrite(() => builder.TakeTenants(listing.Tenants));
            Came("tenants");
        }, _stop.Token);
    }

    private Task WatchExperimentsAsync()
    {
        long incarnation = 0, version = 0;
        return PollAsync("experiments", async () =>
        {
            if (await grains.GetGrain<IExperimentIndexGrain>(IExperimentIndexGrain.Key).WaitForNewer(incarnation, version, settings.Value.LongPoll) is not { } listing) return;
            (incarnation, version) = (listing.Incarnation, listing.Version);
            _changes.Writer.TryWrite(() => builder.TakeExperiments(listing.Experiments));
            Came("experiments");
        }, _stop.Token);
    }

    private async Task WatchPluginsAsync()
    {
        // Nothing to take: the builder asks for plugins when it compiles policies.
        plugins.Changed += () => _changes.Writer.TryWrite(static () => { });
        await plugins.Ready.WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Came("plugins");
    }

    private static string CellNews(string cell) => $"cell {cell}";

    /// <summary>Through the same channel: what came before it is in the table first.</summary>
    private void Came(string what) => _changes.Writer.TryWrite(() => _first.Take(what));

    private async Task PollAsync(string what, Func<Task> poll, CancellationToken stop)
    {
        var failing = false;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await poll().WaitAsync(stop);
                failing = false;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                RoutingMetrics.RefreshErrors.Add(1);
                if (!failing) PollFailed(what, e.Message);
                failing = true;
                await Task.Delay(RetryDelay, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task BuildAsync()
    {
        var routers = 0;
        var started = time.GetTimestamp();
        var aged = started;
        var herds = new HerdWatch();
        Task<bool>? news = null;
        try
        {
            while (true)
            {
                // Also without news: the number of silos that share a quota may have changed.
                news ??= _changes.Reader.WaitToReadAsync(_stop.Token).AsTask();
                await Task.WhenAny(news, Task.Delay(settings.Value.LongPoll, time, _stop.Token));
                _stop.Token.ThrowIfCancellationRequested();
                if (time.GetElapsedTime(started) > StartLimit) cache.MarkComplete();
                if (!news.IsCompleted && cluster.ActiveSilos == routers) continue;
                if (news.IsCompleted) news = null;
                while (_changes.Reader.TryRead(out var apply)) apply();
                routers = cluster.ActiveSilos;
                try
                {
                    cache.Swap(builder.Build(routers));
                    plugins.InForce(builder.Strategies, _first.Has("policies") && _first.Has("endpoints") && _first.Has("experiments"));
                    RoutingMetrics.TablesBuilt.Add(1);
                    if (_first.IsAll) cache.MarkComplete();
                    if (time.GetElapsedTime(aged) >= AgePeriod)
                    {
                        aged = time.GetTimestamp();
                        RecordAges();
                        if (herds.Look(cache.Current.Table, time.GetUtcNow()) is { } indices) DecisionMetrics.Herded(indices);
                    }
                }
                catch (Exception e)
                {
                    // A table that cannot be built is a bug; the last good one keeps serving.
                    BuildFailed(e);
                }
                await Task.Delay(settings.Value.TablePeriod, time, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private void RecordAges()
    {
        var now = time.GetUtcNow().UtcTicks;
        foreach (var targets in cache.Current.Table.Models.Values)
        {
            foreach (var sampledAt in targets.SampledAtTicks)
            {
                if (sampledAt > 0) RoutingMetrics.SignalAge.Record(Math.Max(0, now - sampledAt) / (double)TimeSpan.TicksPerSecond);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Routing table: no news of {What}, the last state stays in force: {Reason}")]
    private partial void PollFailed(string what, string reason);

    [LoggerMessage(LogLevel.Error, "Routing table: not built, the last one stays in force")]
    private partial void BuildFailed(Exception e);
}

/// <summary>How many silos share the work.</summary>
internal interface IClusterSize
{
    int ActiveSilos { get; }
}

/// <inheritdoc/>
internal sealed class ClusterSize(ISiloStatusOracle oracle) : IClusterSize
{
    public int ActiveSilos => Math.Max(1, oracle.GetApproximateSiloStatuses(onlyActive: true).Count);
}
