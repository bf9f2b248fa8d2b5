using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Configuration.Validation;
using InferMesh.Simulator.Experiments;
using InferMesh.Simulator.Network;
using InferMesh.Simulator.Results;
using InferMesh.Simulator.Workload;
using InferMesh.Strategies;
using InferMesh.Strategies.PrefixCache;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;

namespace InferMesh.Simulator.Engine;

/// <summary>One strategy with one seed: a discrete-event loop on one thread. No clock, no threads, no state outside.</summary>
internal sealed class MeshRun
{
    private const int EventsPerLook = 1 << 12, LooksPerProgress = 1 << 4;
    private const string OracleName = "oracle";
    private const long RecordedFileBytes = 1 << 30;

    private readonly RunWorld _world;
    private readonly RequestLife _life;
    private readonly KvFeed? _feed;
    private readonly DecisionRecorder? _recorder;
    private readonly RunOptions _options;
    private readonly string _strategy;
    private readonly ulong _seed;
    private readonly RunPlan _plan;
    private readonly long _horizonNs;
    private readonly PluginMeter? _plugin;

    public MeshRun(RunPlan plan, ulong seed, StrategyConfig strategy, RunOptions options)
        : this(plan, seed, strategy.Name, [strategy], options, null)
    {
    }

    /// <summary>One run whose requests are split over the arms of an experiment. They share targets, counters and queues, as in a live mesh.</summary>
    public MeshRun(RunPlan plan, ulong seed, RunOptions options, ExperimentMeter experiment)
        : this(plan, seed, experiment.Spec.Name, [.. experiment.Spec.Arms.Select(a => new StrategyConfig(a.Strategy, a.Parameters, plan.Config.Strategies.FirstOrDefault(s => s.Name == a.Strategy)?.Fallback))], options, experiment)
    {
    }

    private MeshRun(RunPlan plan, ulong seed, string name, StrategyConfig[] strategies, RunOptions options, ExperimentMeter? experiment)
    {
        (_plan, _options, _strategy, _seed) = (plan, options, name, seed);
        var config = plan.Config with { Seed = seed };
        _horizonNs = (long)(config.DurationS * 1e9);
        var network = NetworkModel.Build(config);
        var fleet = network.Regions() is { } regions ? plan.Fleet.InRegions(regions) : plan.Fleet;
        var queue = new EventQueue();
        var cold = new ColdTargets(config, fleet);
        var descriptions = Array.ConvertAll(strategies, s => StrategyChecks.Describe(s.Name, options.Strategies));
        if (strategies.Any(static s => !StrategyChecks.IsBuiltIn(s.Name))) _plugin = new();
        var oracle = strategies[0].Name == OracleName ? new Oracle(fleet) : null;
        var settings = new RouterSettings(seed + Streams.Ties, Array.ConvertAll(descriptions, d => d?.Hedges ?? false), config.Hedging.BudgetShare, oracle is not null,
            [.. Enumerable.Range(0, config.Workload.Tenants.Count).Select(t => $"tenant-{t}")], [.. config.SloClasses.Select(c => c.Name)], target => cold.Seconds(target, 0), experiment is null ? null : experiment.ArmOf,
            _recorder = options.Record is { } record ? new(record(RecordingId(seed, name), seed, name), new(RecordingId(seed, name), MeshRouter.Ticks(0)) { Synthetic = true, FileBytes = RecordedFileBytes }) : null);
        MeshRouter[] routers = [.. Enumerable.Range(0, config.Routers.Count).Select(r => new MeshRouter(
            fleet, network, RouterSet.CellOf(r, config.Routers.Count, fleet.Cells), () => Array.ConvertAll(strategies, s => oracle ?? Create(s)), settings))];
        _feed = routers[0].Strategy is IKvEventStrategy { WantsKvEvents: true } ? new(config, fleet, queue, routers) : null;
        var rack = new EngineRack(fleet, queue, _feed);
        _world = new()
        {
            Fleet = fleet,
            Network = network,
            Workload = WorkloadSource.Open(config, plan.Rps),
            Queue = queue,
            Rack = rack,
            Cold = cold,
            Failures = new(config, fleet.Nodes, queue),
            Routers = new(routers, fleet, network),
            Signals = new(config, fleet, queue, rack, cold, routers),
            Metrics = new(config),
            Series = new(fleet.Count, config.DurationS),
            Oracle = oracle,
            Kv = fleet.Disaggregated ? new(config, fleet, network) : null,
            Delivered = new int[fleet.Count],
            Experiment = experiment,
        };
        var decisionSeconds = config.Routers.DecisionCostS ?? descriptions.Max(d => d?.DecisionCostSeconds ?? 0);
        _life = new(_world, (long)(decisionSeconds * 1e9), config.Hedging.Alpha);
    }

    public StrategyResult Run()
    {
        _life.Next();
        _world.Failures.ScheduleNext(0);
        _world.Queue.Add(_world.Series.NextNs, EventKind.SampleTaken, 0);
        var events = 0L;
        var now = 0L;
        var complete = true;
        while (_world.Queue.TryTake(out var next) && next.AtNs <= _horizonNs)
        {
            if (++events % EventsPerLook == 0 && !Look(events, now))
            {
                complete = false;
                break;
            }
            now = next.AtNs;
            Handle(next);
        }
        if (complete) now = _horizonNs;
        _recorder?.Flush();
        _world.Experiment?.End(now);
        _world.Series.Take(now, _world.Rack);
        return ResultBuilder.Build(_world, _plan, new(_strategy, _seed, complete, now, events), _life.Finish) with { Plugin = _plugin?.ToResult() };
    }

    /// <summary>Which recording is that of a run: the same for the same run.</summary>
    internal static ulong RecordingId(ulong seed, string strategy) => strategy.Aggregate(BlockNames.Mix(seed), static (hash, c) => BlockNames.Mix(hash ^ c));

    private IRoutingStrategy Create(StrategyConfig strategy) => _options.Strategies is { } others && !StrategyChecks.IsBuiltIn(strategy.Name)
        ? others.CreateRouting(strategy.Name, strategy.Parameters, StrategyCatalog.Create(strategy.Fallback ?? StrategyCatalog.DefaultFallback), _plugin!.Asked)
        : StrategyCatalog.Create(strategy.Name, strategy.Parameters);

    private bool Look(long events, long nowNs)
    {
        if (_options.Stop.IsCancellationRequested) return false;
        if (events % (EventsPerLook * LooksPerProgress) == 0) _options.Progress?.Invoke(new(_strategy, _seed, nowNs / 1e9, _horizonNs / 1e9, events));
        return true;
    }

    private void Handle(in SimEvent e)
    {
        switch (e.Kind)
        {
            case EventKind.EngineWakes:
                _life.Wake(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.BlocksMoved:
                _life.BlocksMoved(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.AnswerArrives:
                _life.AnswerArrives(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.AnswerHome:
                _life.AnswerHome(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.FirstTokenArrives:
                _life.FirstTokenArrives(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.AttemptLost:
                _life.AttemptLost(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.CancelArrives:
                _life.CancelArrives(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.NodeFails:
                _life.Fail(e.Index, e.AtNs);
                break;
            case EventKind.NodeRepaired:
                _life.Repair(e.Index, e.AtNs);
                break;
            case EventKind.ReadingTaken:
                _world.Signals.Take(e.Index, e.AtNs);
                break;
            case EventKind.ReadingArrives:
                _world.Signals.Arrive(e.Index, e.Tag);
                break;
            case EventKind.BlocksArrive:
                _feed!.Arrive(e.Index, e.Tag);
                break;
            case EventKind.CellRefreshed:
                _world.Signals.Refresh(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.RequestDelivered:
                _life.Deliver(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.HedgeDue:
                _life.HedgeDue(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.RequestAtRouter:
                _life.Decide(e.Index, e.AtNs, []);
                break;
            case EventKind.NextArrival:
                _life.Arrive(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.SampleTaken:
                _world.Series.Take(e.AtNs, _world.Rack);
                if (!_world.Series.IsFull) _world.Queue.Add(Math.Max(_world.Series.NextNs, e.AtNs + 1), EventKind.SampleTaken, 0);
                break;
            default:
                throw new InvalidOperationException($"{e.Kind} has no handler.");
        }
    }
}
