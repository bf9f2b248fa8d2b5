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
    // Each holds the counters of all targets of its model and keeps their readings in memory.
    private const int MaxOpen = 256;
    private static readonly TimeSpan SendPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostRest = TimeSpan.FromSeconds(1);

    // Shorter rests than the timer's are saved up.
    private static readonly TimeSpan LeastRest = TimeSpan.FromMilliseconds(20);

    private readonly Channel<ShadowCase> _waiting = Channel.CreateBounded<ShadowCase>(new BoundedChannelOptions(MaxOpen) { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly ShadowTallies _tallies = new();
    private readonly IGrainFactory _grains;
    private readonly string _silo;
    private readonly Func<IRoutingStrategy?> _configured;
    private readonly double _share;
    private readonly ILogger _logger;
    private Task _running = Task.CompletedTask;
    private int _open;
    private bool _failed;

    public ShadowJudge(IOptions<RoutingSettings> settings, SiloPlugins plugins, IGrainFactory grains, ILocalSiloDetails silo, ILogger<ShadowJudge> logger)
    {
        (_grains, _silo, _share, _logger) = (grains, silo.SiloAddress.ToParsableString(), settings.Value.ShadowCpuShare, logger);
        _configured = Finder(settings.Value.ShadowStrategy, plugins);
    }

    /// <summary>The decision as it is asked about later; null when nobody is to be asked.</summary>
    /// <param name="targets">Targets of the model, as the decision saw them.</param>
    /// <param name="request">The request.</param>
    /// <param name="decision">A routed decision that was not carried out yet.</param>
    /// <param name="nowTicks">UTC ticks of the decision.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="seed">Its seed.</param>
    public ShadowCase? Open(TargetSet targets, RoutingRequest request, Decision decision, long nowTicks, ulong sequence, ulong seed)
    {
        // Of a plugin, what would rank without it is what it must be better than.
        var shadow = _configured() ?? (decision.Policy.Strategy as IHostedStrategy)?.Fallback;
        if (shadow is null || shadow.Name == decision.Strategy) return null;
        if (Interlocked.Increment(ref _open) > MaxOpen)
        {
            Interlocked.Decrement(ref _open);
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
            _running = Task.WhenAll(Task.Run(JudgeAsync, CancellationToken.None), Task.Run(SendAsync, CancellationToken.None));
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

    public void Dispose() => _stop.Dispose();

    /// <summary>Asks one shadow and counts what it says.</summary>
    internal void Judge(ShadowCase about)
    {
        Interlocked.Decrement(ref _open);
        if (about.Compare() is not var (live, shadow, same)) return;
        DecisionMetrics.Compared(about.Strategy, about.Shadow, same, live - shadow);
        if (double.IsFinite(about.ObservedSeconds)) _tallies.Add(about, live, shadow, same);
    }

    private Func<IRoutingStrategy?> Finder(string name, SiloPlugins plugins)
    {
        if (name.Length == 0) return static () => null;
        // Learns nothing: nobody tells it what became of requests that it did not place.
        var known = PluginReference.Of(name) is null ? StrategyCatalog.Create(name) : null;
        if (PluginReference.Of(name) is not { } named) return () => known;
        (LoadedPlugin? Of, IRoutingStrategy? Strategy) last = default;
        var missing = false;
        var gate = new Lock();
        return () =>
        {
            lock (gate)
            {
                var serving = plugins.Find(named) is { Kind: PluginKind.Routing } found ? found : null;
                if (serving is null && !missing && plugins.Ready.IsCompleted) NotThere(name);
                missing |= serving is null && plugins.Ready.IsCompleted;
                if (serving != last.Of) last = (serving, serving is null ? null : Make(serving));
                return last.Strategy;
            }
        };
    }

    private static IRoutingStrategy? Make(LoadedPlugin plugin)
    {
        try
        {
            return plugin.CreateRouting(null, StrategyCatalog.Create(Abstractions.Policies.RoutingSpec.DefaultFallback, null));
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
                rest += Stopwatch.GetElapsedTime(start) * (1 / _share - 1);
                if (rest < LeastRest) continue;
                await Task.Delay(rest < MostRest ? rest : MostRest, _stop.Token);
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
