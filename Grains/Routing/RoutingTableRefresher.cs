using System.Threading.Channels;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Options;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Routing;

/// <summary>
/// Keeps the silo's routing table fresh: one long poll for the directory of cells, one per cell, one for the policies. What they bring
/// within a table period makes one new table. When a poll fails, the last state stays in force and the poll is tried again.
/// </summary>
internal sealed partial class RoutingTableRefresher(
    IGrainFactory grains, RoutingTableCache cache, RoutingTableBuilder builder, IClusterSize cluster, TimeProvider time,
    IOptions<RoutingSettings> settings, ILogger<RoutingTableRefresher> logger) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly Channel<Action> _changes = Channel.CreateUnbounded<Action>(new() { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, CancellationTokenSource> _cells = new(StringComparer.Ordinal);
    private Task _running = Task.CompletedTask;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(RoutingTableRefresher), ServiceLifecycleStage.Active, _ =>
        {
            // Not under the start-up token: they run until the silo stops.
            _running = Task.WhenAll(
                Task.Run(WatchCellsAsync, CancellationToken.None), Task.Run(WatchPoliciesAsync, CancellationToken.None), Task.Run(BuildAsync, CancellationToken.None));
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
        return PollAsync("cells", async () =>
        {
            if (await grains.GetGrain<IDirectoryGrain>(DirectoryKeys.Cells).WaitForChange(version, settings.Value.LongPoll) is not { } listing) return;
            version = listing.Version;
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
            if (!stop.IsCancellationRequested) _changes.Writer.TryWrite(() => builder.Take(snapshot));
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
        }, _stop.Token);
    }

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
        Task<bool>? news = null;
        try
        {
            while (true)
            {
                // Also without news: the number of silos that share a quota may have changed.
                news ??= _changes.Reader.WaitToReadAsync(_stop.Token).AsTask();
                await Task.WhenAny(news, Task.Delay(settings.Value.LongPoll, time, _stop.Token));
                _stop.Token.ThrowIfCancellationRequested();
                if (!news.IsCompleted && cluster.ActiveSilos == routers) continue;
                if (news.IsCompleted) news = null;
                while (_changes.Reader.TryRead(out var apply)) apply();
                routers = cluster.ActiveSilos;
                try
                {
                    cache.Swap(builder.Build(routers));
                    RoutingMetrics.TablesBuilt.Add(1);
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
