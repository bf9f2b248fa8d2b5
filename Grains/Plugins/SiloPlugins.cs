using System.Threading.Channels;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Options;
using InferMesh.Grains.Policies;
using InferMesh.Strategies.Hosting;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Plugins;

/// <summary>
/// The plugins that this silo serves: it follows the index, loads what is enabled and what policies name by version, off the way of requests, and only then puts it in place of what was there. What
/// has been replaced is unloaded when no table uses it any more, and what is not allowed any more at once. <see cref="Find"/> is thread-safe.
/// </summary>
internal sealed partial class SiloPlugins(IGrainFactory grains, PluginLoader loader, TimeProvider time, IOptions<RoutingSettings> routing, IOptionsMonitor<PluginSettings> settings, ILogger<SiloPlugins> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    // A load that fails is tried again after the delay, then after twice as long each time, up to the period.
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    // A decision that began on the table before ends long before this.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, Held> _held = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<MeshPlugin>? _listing;
    private volatile IReadOnlyDictionary<PluginReference, LoadedPlugin> _serving = new Dictionary<PluginReference, LoadedPlugin>();
    private volatile Usage _usage = new(new HashSet<LoadedPlugin>(), new HashSet<PluginReference>(), false);
    private volatile Usage _jobs = new(new HashSet<LoadedPlugin>(), new HashSet<PluginReference>(), true);
    private IDisposable? _trust;
    private Task _running = Task.CompletedTask;
    private IReadOnlyList<string> _onFallback = [];

    /// <summary>Other plugins serve now.</summary>
    public event Action? Changed;

    /// <summary>Ends when what was enabled when this silo started, and what its policies and endpoints name, is loaded or could not be.</summary>
    public Task Ready => _ready.Task;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(SiloPlugins), ServiceLifecycleStage.Active, _ =>
        {
            _trust = settings.OnChange(_ => _wake.Writer.TryWrite(true));
            // Not under the start-up token: they run until the silo stops.
            _running = Task.WhenAll(Task.Run(FollowAsync, CancellationToken.None), Task.Run(KeepAsync, CancellationToken.None));
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Whoever still decides gets the fallbacks' picks.
            foreach (var digest in _held.Keys.ToArray()) Unload(digest);
        });

    public void Dispose()
    {
        _trust?.Dispose();
        _stop.Dispose();
    }

    /// <summary>The plugin that a policy names; null while this silo does not have it.</summary>
    public LoadedPlugin? Find(PluginReference which) => _serving.GetValueOrDefault(which);

    /// <summary>Takes what the table in force uses and what its policies name. Called by one thread.</summary>
    /// <param name="strategies">Strategies of that table.</param>
    /// <param name="isKnown">The policies and endpoints of the mesh were read before it was built.</param>
    public void InForce(PolicyStrategies strategies, bool isKnown)
    {
        var onFallback = strategies.OnFallback;
        if (!onFallback.SequenceEqual(_onFallback))
        {
            SiloPluginMetrics.OnFallback.Add(onFallback.Count - _onFallback.Count);
            _onFallback = onFallback;
            if (onFallback.Count > 0) FellBack(string.Join(", ", onFallback));
            else CameBack();
        }
        var (before, now) = (_usage, new Usage(strategies.Plugins, strategies.Named, isKnown));
        _usage = now;
        if (before.DiffersFrom(now)) _wake.Writer.TryWrite(true);
    }

    /// <summary>Takes what the scheduler of jobs uses and what its jobs name, on the silo where it is. Called by one thread at a time.</summary>
    public void UsedByJobs(HashSet<LoadedPlugin> used, HashSet<PluginReference> named)
    {
        var (before, now) = (_jobs, new Usage(used, named, true));
        _jobs = now;
        if (before.DiffersFrom(now)) _wake.Writer.TryWrite(true);
    }

    private async Task FollowAsync()
    {
        long incarnation = 0, version = 0;
        var failing = false;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var listing = await grains.GetGrain<IPluginIndexGrain>(IPluginIndexGrain.Key).WaitForNewer(incarnation, version, routing.Value.LongPoll).WaitAsync(_stop.Token);
                failing = false;
                if (listing is null) continue;
                (incarnation, version) = (listing.Incarnation, listing.Version);
                _listing = listing.Plugins;
                _wake.Writer.TryWrite(true);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (!failing) NotFollowed(e.Message);
                failing = true;
                await Task.Delay(RetryDelay, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task KeepAsync()
    {
        Task<bool>? news = null;
        var failing = false;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                news ??= _wake.Reader.WaitToReadAsync(_stop.Token).AsTask();
                await Task.WhenAny(news, Task.Delay(Pause(), time, _stop.Token));
                if (news.IsCompleted)
                {
                    news = null;
                    _wake.Reader.TryRead(out _);
                }
                await PassAsync();
                failing = false;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // What serves goes on serving, and the next pass may do better.
                if (!failing) PassFailed(e);
                failing = true;
                await Task.Delay(RetryDelay, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Until there is something to do without news.</summary>
    private TimeSpan Pause()
    {
        var pause = RetryPeriod;
        foreach (var held in _held.Values)
        {
            var until = held.Plugin is null ? held.Retry - time.GetElapsedTime(held.TriedAt) : held.UnusedSince is null ? RetryPeriod : Grace;
            if (until < pause) pause = until;
        }
        return pause > TimeSpan.Zero ? pause : TimeSpan.Zero;
    }

    /// <summary>Puts in place what there is, before and after each load: one that takes long holds nothing else up for longer than itself.</summary>
    private async Task PassAsync()
    {
        while (_listing is { } listing)
        {
            var usage = _usage;
            var wanted = WantedOf(listing, usage.Named.Concat(_jobs.Named).ToHashSet());
            Distrust();
            Serve(wanted);
            if (usage.IsKnown && wanted.All(w => _held.ContainsKey(w.Digest))) _ready.TrySetResult();
            // What was never tried goes first, then what was not for the longest time.
            if (wanted.Where(IsDue).MinBy(w => _held.GetValueOrDefault(w.Digest)?.TriedAt ?? long.MinValue) is not { } next) return;
            await LoadAsync(next);
        }
    }

    private static List<Wanted> WantedOf(IReadOnlyList<MeshPlugin> listing, IReadOnlySet<PluginReference> named)
    {
        var wanted = new List<Wanted>();
        foreach (var plugin in listing.Where(static p => p.Spec.Enabled))
        {
            foreach (var version in named.Where(n => n.Name == plugin.Name).Select(static n => n.Version).Append("").Distinct())
            {
                if (plugin.Spec.Find(version) is { } found) wanted.Add(new(new(plugin.Name, version), found, plugin.Spec));
            }
        }
        return wanted;
    }

    /// <summary>Unloads what the settings do not allow any more, at once: requests that are in it get their fallbacks' picks.</summary>
    private void Distrust()
    {
        foreach (var (digest, held) in _held.Where(static h => h.Value.Plugin is not null).ToArray())
        {
            if (loader.Refusals(digest, held.InProcess) is not [var why, ..]) continue;
            NotAllowed(held.Which, why.Message);
            Unload(digest);
        }
    }

    private void Serve(List<Wanted> wanted)
    {
        var serving = new Dictionary<PluginReference, LoadedPlugin>();
        var kept = wanted.Select(static w => w.Digest).ToHashSet(StringComparer.Ordinal);
        foreach (var one in wanted)
        {
            if ((_held.GetValueOrDefault(one.Digest)?.Plugin ?? StandIn(one)) is not { } plugin) continue;
            serving[one.Reference] = plugin;
            kept.Add(plugin.Package.Digest);
        }
        var before = _serving;
        _serving = serving;
        if (serving.Count != before.Count || serving.Any(s => before.GetValueOrDefault(s.Key) != s.Value)) Changed?.Invoke();
        Release(kept);
    }

    /// <summary>The version that served before, until the one that is wanted is loaded; null when there is none, or it was removed from the mesh.</summary>
    private LoadedPlugin? StandIn(Wanted wanted) =>
        _serving.GetValueOrDefault(wanted.Reference) is { } before && wanted.Plugin.Versions.Any(v => v.Digest == before.Package.Digest)
        && _held.GetValueOrDefault(before.Package.Digest)?.Plugin == before ? before : null;

    private bool IsDue(Wanted wanted) => !_held.TryGetValue(wanted.Digest, out var held) || (held.Plugin is null && time.GetElapsedTime(held.TriedAt) >= held.Retry);

    private async Task LoadAsync(Wanted wanted)
    {
        var before = _held.GetValueOrDefault(wanted.Digest);
        var (plugin, reason) = await TryLoadAsync(wanted.Digest);
        if (plugin is not null)
        {
            SiloPluginMetrics.Loaded.Add(1);
            WasLoaded(wanted.Which, wanted.Digest);
        }
        else
        {
            SiloPluginMetrics.LoadFailures.Add(1, new KeyValuePair<string, object?>("plugin", wanted.Which));
            if (before?.Reason != reason)
            {
                if (StandIn(wanted) is { } standIn) NotReplaced(wanted.Which, standIn.Package.ToString(), reason);
                else NotLoaded(wanted.Which, reason);
            }
        }
        var retry = before is null ? RetryDelay : before.Retry * 2;
        _held[wanted.Digest] = new(wanted.Which, plugin, wanted.Version.Runtime != "wasm", reason, time.GetTimestamp(), retry < RetryPeriod ? retry : RetryPeriod);
    }

    private async Task<(LoadedPlugin? Plugin, string Reason)> TryLoadAsync(string digest)
    {
        try
        {
            var (plugin, errors) = await loader.LoadAsync(digest, _stop.Token);
            return (plugin, string.Join("; ", errors.Select(static e => $"{e.Field}: {e.Message}")));
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            return (null, e.Message);
        }
    }

    private void Release(HashSet<string> kept)
    {
        var (used, byJobs) = (_usage.Used, _jobs.Used);
        foreach (var (digest, held) in _held.ToArray())
        {
            if (kept.Contains(digest))
            {
                held.UnusedSince = null;
                continue;
            }
            if (held.Plugin is { } plugin)
            {
                // What it serves until a table is built without it, and a while longer: requests that began on that table end on it.
                held.UnusedSince = used.Contains(plugin) || byJobs.Contains(plugin) ? null : held.UnusedSince ?? time.GetTimestamp();
                if (held.UnusedSince is not { } since || time.GetElapsedTime(since) < Grace) continue;
            }
            Unload(digest);
        }
    }

    private void Unload(string digest)
    {
        if (!_held.Remove(digest, out var held) || held.Plugin is not { } plugin) return;
        plugin.Dispose();
        SiloPluginMetrics.Loaded.Add(-1);
        WasUnloaded(held.Which);
    }

    private sealed record Usage(IReadOnlySet<LoadedPlugin> Used, IReadOnlySet<PluginReference> Named, bool IsKnown)
    {
        public bool DiffersFrom(Usage other) => IsKnown != other.IsKnown || !Used.SetEquals(other.Used) || !Named.SetEquals(other.Named);
    }

    private sealed record Wanted(PluginReference Reference, PluginVersion Version, PluginSpec Plugin)
    {
        public string Digest => Version.Digest;

        public string Which => $"{Reference.Name}@{Version.Version}";
    }

    private sealed class Held(string which, LoadedPlugin? plugin, bool inProcess, string reason, long triedAt, TimeSpan retry)
    {
        public string Which => which;

        public LoadedPlugin? Plugin => plugin;

        public bool InProcess => inProcess;

        public string Reason => reason;

        public long TriedAt => triedAt;

        /// <summary>How long after that it is tried again, when it is not loaded.</summary>
        public TimeSpan Retry => retry;

        public long? UnusedSince { get; set; }
    }

    [LoggerMessage(LogLevel.Information, "Plugin {Plugin} is loaded, digest {Digest}")]
    private partial void WasLoaded(string plugin, string digest);

    [LoggerMessage(LogLevel.Information, "Plugin {Plugin} is unloaded")]
    private partial void WasUnloaded(string plugin);

    [LoggerMessage(LogLevel.Error, "Plugin {Plugin} is not loaded, policies that name it use their fallbacks: {Reason}")]
    private partial void NotLoaded(string plugin, string reason);

    [LoggerMessage(LogLevel.Error, "Plugin {Plugin} is not loaded, {StandIn} goes on serving in its place: {Reason}")]
    private partial void NotReplaced(string plugin, string standIn, string reason);

    [LoggerMessage(LogLevel.Warning, "Plugin {Plugin} is not allowed any more: {Reason}")]
    private partial void NotAllowed(string plugin, string reason);

    [LoggerMessage(LogLevel.Error, "Plugins are as they were, what there is to do is tried again")]
    private partial void PassFailed(Exception e);

    [LoggerMessage(LogLevel.Warning, "Policies whose plugin this silo does not have, or whose parameters it does not take, and which use their fallbacks: {Policies}")]
    private partial void FellBack(string policies);

    [LoggerMessage(LogLevel.Information, "All policies have the plugins that they name")]
    private partial void CameBack();

    [LoggerMessage(LogLevel.Warning, "No news of plugins, the last state stays in force: {Reason}")]
    private partial void NotFollowed(string reason);
}
