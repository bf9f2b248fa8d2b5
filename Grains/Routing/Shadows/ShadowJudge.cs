using System.Diagnostics;
using System.Threading.Channels;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Routing.Shadows;

/// <summary>
/// Asks shadow strategies about decisions of requests that have ended, one after the other, within its share of a core; sends what it has counted to the mesh. Never on the way of a request:
/// what it has no time for is left out and counted.
/// </summary>
internal sealed partial class ShadowJudge : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    // Each holds the counters of all targets of its model and keeps their readings in memory, some 300 bytes a target: tables come and go, so that hardly two hold the same.
    private const int MaxOpen = 256;
    private const long MaxTargets = 500_000;
    private static readonly TimeSpan SendPeriod = TimeSpan.FromSeconds(5);

    // A call of a plugin may keep its thread for ever.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);

    // One that the machine held up must not end all that follow.
    private static readonly TimeSpan MostRest = TimeSpan.FromMinutes(1);

    // Shorter rests than the timer's are saved up.
    private static readonly TimeSpan LeastRest = TimeSpan.FromMilliseconds(20);

    private readonly Channel<ShadowCase> _waiting = Channel.CreateBounded<ShadowCase>(new BoundedChannelOptions(MaxOpen) { SingleReader = true });
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly ShadowTallies _tallies = new();
    private readonly SiloPlugins _plugins;
    private readonly IGrainFactory _grains;
    private readonly string _silo;
    private readonly PluginReference? _named;
    private readonly double _share;
    private readonly ILogger _logger;
    private volatile IRoutingStrategy? _configured;
    private LoadedPlugin? _madeOf;
    private Task _running = Task.CompletedTask;
    private long _openTargets;
    private int _open;
    private bool _failed;
    private bool _missing;

    public ShadowJudge(IOptions<RoutingSettings> settings, SiloPlugins plugins, IGrainFactory grains, ILocalSiloDetails silo, ILogger<ShadowJudge> logger)
    {
        (_plugins, _grains, _silo, _share, _logger) = (plugins, grains, silo.SiloAddress.ToParsableString(), settings.Value.ShadowCpuShare, logger);
        var name = settings.Value.ShadowStrategy;
        _named = PluginReference.Of(name);
        // Learns nothing: nobody tells it what became of requests that it did not place.
        if (name.Length > 0 && _named is null) _configured = StrategyCatalog.Create(name);
    }

    /// <summary>The decision as it is asked about later; null when nobody is to be asked.</summary>
    /// <param name="targets">Targets of the model, as the decision saw them.</param>
    /// <param name="request">The request.</param>
    /// <param name="decision">A routed decision that was not carried out yet.</param>
    /// <param name="nowTicks">UTC ticks of the decision.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="seed">Its seed.</param>
    /// <param name="fellBack">The fallback of its strategy ranked: what it picked says nothing of the strategy.</param>
    public ShadowCase? Open(TargetSet targets, RoutingRequest request, Decision decision, long nowTicks, ulong sequence, ulong seed, bool fellBack = false)
    {
        // Of a plugin, what would rank without it is what it must be better than.
        var shadow = _configured ?? (decision.Policy.Strategy as IHostedStrategy)?.Fallback;
        if (shadow is null || shadow.Name == decision.Strategy) return null;
        var (open, held) = (Interlocked.Increment(ref _open), Interlocked.Add(ref _openTargets, targets.Count));
        // A fleet that is larger than all that may be held is asked about one by one.
        if (fellBack || open > MaxOpen || (open > 1 && held > MaxTargets))
        {
            Close(targets.Count);
            DecisionMetrics.ShadowSkipped.Add(1);
            return null;
        }
        return new(this, shadow, targets.WithCountersOfNow(), request, decision, nowTicks, sequence, seed);
    }

    /// <summary>Puts a decision that was opened, and whose request has ended, in the line: there is room for all that are open.</summary>
    public void Ask(ShadowCase about) => _waiting.Writer.TryWrite(about);

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(ShadowJudge), ServiceLifecycleStage.Active, _ =>
        {
            _running = Task.WhenAll(Task.Run(JudgeAsync, CancellationToken.None), Task.Run(SendAsync, CancellationToken.None), Task.Run(FollowAsync, CancellationToken.None));
            return Task.CompletedTask;
        },
        async stopping =>
        {
            await _stop.CancelAsync();
            await _running.WaitAsync(StopLimit, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

    public void Dispose() => _stop.Dispose();

    /// <summary>Asks one shadow and counts what it says.</summary>
    internal void Judge(ShadowCase about)
    {
        Close(about.Targets);
        if (about.Compare() is not var (live, shadow, same)) return;
        DecisionMetrics.Compared(about.Strategy, about.Shadow, same, live - shadow);
        if (double.IsFinite(about.ObservedSeconds)) _tallies.Add(about, live, shadow, same);
    }

    /// <summary>How long to rest after a shadow was asked.</summary>
    /// <param name="asked">How long that took.</param>
    /// <param name="share">Share of a core that it may take.</param>
    internal static TimeSpan RestAfter(TimeSpan asked, double share) => asked * (1 / share - 1) is var rest && rest < MostRest ? rest : MostRest;

    private void Close(int targets)
    {
        Interlocked.Decrement(ref _open);
        Interlocked.Add(ref _openTargets, -targets);
    }

    /// <summary>Has the strategy of the plugin that is configured made when another version serves: code of the plugin, which may take its seconds, and not on the way of a request.</summary>
    private async Task FollowAsync()
    {
        if (_named is not { } named) return;
        _plugins.Changed += Wake;
        Wake();
        _ = _plugins.Ready.ContinueWith(_ => Wake(), TaskScheduler.Default);
        try
        {
            await foreach (var _ in _changes.Reader.ReadAllAsync(_stop.Token)) Find(named);
        }
        catch (OperationCanceledException)
        {
        }
        _plugins.Changed -= Wake;
    }

    private void Wake() => _changes.Writer.TryWrite(true);

    private void Find(PluginReference named)
    {
        var serving = _plugins.Find(named) is { Kind: PluginKind.Routing } found ? found : null;
        if (serving is null && !_missing && _plugins.Ready.IsCompleted) NotThere(named.ToString());
        _missing |= serving is null && _plugins.Ready.IsCompleted;
        if (serving == _madeOf) return;
        _configured = serving is null ? null : Make(serving);
        _madeOf = serving;
    }

    private static IRoutingStrategy? Make(LoadedPlugin plugin)
    {
        try
        {
            return plugin.CreateRouting(null, StrategyCatalog.Create(Abstractions.Policies.RoutingSpec.DefaultFallback, null), FallbackWatch.Asked);
        }
        catch (InvalidOperationException)
        {
            // It cannot make one: there is nobody to ask.
            return null;
        }
    }

    private void TryJudge(ShadowCase about)
    {
        try
        {
            Judge(about);
        }
        catch (Exception e)
        {
            // One that fails on a decision is asked about the next one.
            DecisionMetrics.ShadowSkipped.Add(1);
            if (!_failed) Failed(about.Shadow, e);
            _failed = true;
        }
    }

    [LoggerMessage(LogLevel.Error, "Shadow strategy {Strategy} failed on a decision; this is said once")]
    private partial void Failed(string strategy, Exception e);

    [LoggerMessage(LogLevel.Warning, "Shadow strategy {Strategy} is neither in the catalogue nor an enabled plugin that ranks: it is asked as soon as there is one")]
    private partial void NotThere(string strategy);

    private async Task JudgeAsync()
    {
        var rest = TimeSpan.Zero;
        try
        {
            await foreach (var about in _waiting.Reader.ReadAllAsync(_stop.Token))
            {
                var start = Stopwatch.GetTimestamp();
                TryJudge(about);
                rest += RestAfter(Stopwatch.GetElapsedTime(start), _share);
                if (rest < LeastRest) continue;
                await Task.Delay(rest, _stop.Token);
                rest = TimeSpan.Zero;
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task SendAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(SendPeriod, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                if (_tallies.ToReports() is { Count: > 0 } reports) await _grains.GetGrain<IShadowGrain>(IShadowGrain.Key).Report(_silo, reports);
            }
            catch (Exception)
            {
                // The next report holds all that this one held.
            }
        }
    }
}
