using System.Threading.Channels;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Options;
using InferMesh.Grains.Policies;
using InferMesh.Strategies.Hosting;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Plugins;

/// <summary>
/// The plugins that this silo serves: it follows the index, loads what is enabled and what policies name by version, off the way of requests, and only then puts it in place of what was there. What
/// has been replaced is unloaded when no table uses it any more. <see cref="Find"/> is thread-safe.
/// </summary>
internal sealed partial class SiloPlugins(IGrainFactory grains, PluginLoader loader, TimeProvider time, IOptions<RoutingSettings> routing, ILogger<SiloPlugins> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
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
    private volatile Usage _usage = new(new HashSet<LoadedPlugin>(), new HashSet<PluginReference>());
    private Task _running = Task.CompletedTask;
    private IReadOnlyList<string> _onFallback = [];

    /// <summary>Other plugins serve now.</summary>
    public event Action? Changed;

    /// <summary>Ends when what was enabled when this silo started is loaded, or could not be.</summary>
    public Task Ready => _ready.Task;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(SiloPlugins), ServiceLifecycleStage.Active, _ =>
        {
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

    public void Dispose() => _stop.Dispose();

    /// <summary>The plugin that a policy names; null while this silo does not have it.</summary>
    public LoadedPlugin? Find(PluginReference which) => _serving.GetValueOrDefault(which);

    /// <summary>Takes what the table in force uses and what its policies name. Called by one thread.</summary>
    public void InForce(PolicyStrategies strategies)
    {
        var onFallback = strategies.OnFallback;
        if (!onFallback.SequenceEqual(_onFallback))
        {
            SiloPluginMetrics.OnFallback.Add(onFallback.Count - _onFallback.Count);
            _onFallback = onFallback;
            if (onFallback.Count > 0) FellBack(string.Join(", ", onFallback));
            else CameBack();
        }
        var (before, now) = (_usage, new Usage(strategies.Plugins, strategies.Named));
        _usage = now;
        if (!before.Used.SetEquals(now.Used) || !before.Named.SetEquals(now.Named)) _wake.Writer.TryWrite(true);
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
        try
        {
            while (true)
            {
                news ??= _wake.Reader.WaitToReadAsync(_stop.Token).AsTask();
                await Task.WhenAny(news, Task.Delay(_held.Values.Any(static h => h.UnusedSince is not null) ? Grace : RetryPeriod, time, _stop.Token));
                _stop.Token.ThrowIfCancellationRequested();
                if (news.IsCompleted)
                {
                    news = null;
                    _wake.Reader.TryRead(out _);
                }
                if (_listing is not { } listing) continue;
                await RefreshAsync(listing, _usage.Named);
                _ready.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task RefreshAsync(IReadOnlyList<MeshPlugin> listing, IReadOnlySet<PluginReference> named)
    {
        var serving = new Dictionary<PluginReference, LoadedPlugin>();
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var plugin in listing.Where(static p => p.Spec.Enabled))
        {
            foreach (var version in named.Where(n => n.Name == plugin.Name).Select(static n => n.Version).Append("").Distinct())
            {
                if (plugin.Spec.Find(version) is not { } found) continue;
                wanted.Add(found.Digest);
                if (await HoldAsync($"{plugin.Name}@{found.Version}", found.Digest) is { } loaded) serving[new(plugin.Name, version)] = loaded;
            }
        }
        var before = _serving;
        _serving = serving;
        if (serving.Count != before.Count || serving.Any(s => before.GetValueOrDefault(s.Key) != s.Value)) Changed?.Invoke();
        Release(wanted);
    }

    private async Task<LoadedPlugin?> HoldAsync(string which, string digest)
    {
        if (_held.TryGetValue(digest, out var held))
        {
            held.UnusedSince = null;
            if (held.Plugin is not null || time.GetElapsedTime(held.TriedAt) < RetryPeriod) return held.Plugin;
        }
        var (plugin, reason) = await LoadAsync(digest);
        if (plugin is not null)
        {
            SiloPluginMetrics.Loaded.Add(1);
            WasLoaded(which, digest);
        }
        else
        {
            SiloPluginMetrics.LoadFailures.Add(1, new KeyValuePair<string, object?>("plugin", which));
            if (held?.Reason != reason) NotLoaded(which, reason);
        }
        _held[digest] = new(which, plugin, reason, time.GetTimestamp());
        return plugin;
    }

    private async Task<(LoadedPlugin? Plugin, string Reason)> LoadAsync(string digest)
    {
        try
        {
            var (plugin, errors) = await loader.LoadAsync(digest).WaitAsync(_stop.Token);
            return (plugin, string.Join("; ", errors.Select(static e => $"{e.Field}: {e.Message}")));
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            return (null, e.Message);
        }
    }

    private void Release(HashSet<string> wanted)
    {
        var used = _usage.Used;
        foreach (var (digest, held) in _held.Where(h => !wanted.Contains(h.Key)).ToArray())
        {
            if (held.Plugin is { } plugin)
            {
                // What it serves until a table is built without it, and a while longer: requests that began on that table end on it.
                held.UnusedSince = used.Contains(plugin) ? null : held.UnusedSince ?? time.GetTimestamp();
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

    private sealed record Usage(IReadOnlySet<LoadedPlugin> Used, IReadOnlySet<PluginReference> Named);

    private sealed class Held(string which, LoadedPlugin? plugin, string reason, long triedAt)
    {
        public string Which => which;

        public LoadedPlugin? Plugin => plugin;

        public string Reason => reason;

        public long TriedAt => triedAt;

        public long? UnusedSince { get; set; }
    }

    [LoggerMessage(LogLevel.Information, "Plugin {Plugin} is loaded, digest {Digest}")]
    private partial void WasLoaded(string plugin, string digest);

    [LoggerMessage(LogLevel.Information, "Plugin {Plugin} is unloaded")]
    private partial void WasUnloaded(string plugin);

    [LoggerMessage(LogLevel.Error, "Plugin {Plugin} is not loaded, policies that name it use their fallbacks: {Reason}")]
    private partial void NotLoaded(string plugin, string reason);

    [LoggerMessage(LogLevel.Warning, "Policies whose plugin this silo does not have, or whose parameters it does not take, and which use their fallbacks: {Policies}")]
    private partial void FellBack(string policies);

    [LoggerMessage(LogLevel.Information, "All policies have the plugins that they name")]
    private partial void CameBack();

    [LoggerMessage(LogLevel.Warning, "No news of plugins, the last state stays in force: {Reason}")]
    private partial void NotFollowed(string reason);
}
