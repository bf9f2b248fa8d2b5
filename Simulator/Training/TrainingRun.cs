using System.Globalization;
using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Results;
using InferMesh.Simulator.Workload;
using InferMesh.Strategies.Training;
using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Simulator.Training;

/// <summary>
/// One run: jobs on a fabric until the last has ended. The scheduler of the live mesh decides (<see cref="TrainingScheduler.Plan"/>); here things happen, and what it decides is carried out.
/// </summary>
internal sealed partial class TrainingRun
{
    private const ulong Failures = 4_012;
    private const int MostPlansAtOnce = 10_000;
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly JobsConfig _config;
    private readonly ulong _seed;
    private readonly string _strategy;
    private readonly SimJob[] _jobs;
    private readonly Dictionary<string, int> _byId = new(StringComparer.Ordinal);
    private readonly List<SimJob> _placed = [];
    private readonly JobQueue _queue = new();
    private readonly TrainingEvents _events = new();
    private readonly JobFleet _fleet;
    private readonly StepTimes _steps;
    private readonly JobLinks _links;
    private readonly JobDemand _demand;
    private readonly RandomStream _failures;
    private readonly TrainingMeter _meter = new();
    private readonly CancellationToken _stop;
    private readonly PluginMeter? _plugin;
    private readonly ITrainingStrategy? _other;
    private long _now;
    private int _ended;

    public TrainingRun(JobsConfig config, IReadOnlyList<JobSpec> jobs, ulong seed, string strategy, CancellationToken stop, IStrategySource? others = null)
    {
        if (others is not null && TrainingCatalog.All.All(s => s.Name != strategy))
        {
            _plugin = new();
            _other = others.CreateTraining(strategy, TrainingCatalog.Create(TrainingCatalog.Default), _plugin.Asked);
        }
        (_config, _seed, _strategy, _stop) = (config, seed, strategy, stop);
        _fleet = new(config);
        (_steps, _links, _demand, _failures) = (new(config, _fleet), new(config, _fleet, seed), new(config, _fleet, seed), new(seed, Failures));
        _jobs = [.. jobs.Select(static j => new SimJob(j))];
        for (var i = 0; i < _jobs.Length; i++) _byId[_jobs[i].Spec.Id] = i;
        _share = new(TimeSpan.FromSeconds(config.Scheduler.UsageHalfLifeS), Epoch);
        _options = new()
        {
            MaxConsidered = config.Scheduler.MaxConsidered,
            Preempt = config.Scheduler.Preempt,
            Reserve = config.Scheduler.Reserve,
            ConsolidateAfter = TimeSpan.FromSeconds(config.Scheduler.ConsolidateAfterS),
            SettledAfter = TimeSpan.FromSeconds(config.Scheduler.SettledAfterS),
            GainOverCost = config.Scheduler.GainOverCost,
        };
    }

    /// <summary>Runs to the end; null when it was stopped before.</summary>
    /// <exception cref="InvalidOperationException">A law did not hold, or the horizon came before the last job's end.</exception>
    public TrainingResult? Run()
    {
        for (var i = 0; i < _jobs.Length; i++) _events.Add(_jobs[i].Spec.SubmittedAt, new(TrainingEventKind.Submitted, i));
        if (_demand.Exists) _events.Add(0, new(TrainingEventKind.DemandSeen));
        NextFailure();
        NextSlowLink();
        _events.Add(Period, new(TrainingEventKind.Woke, Index: 1));
        var (changed, atOnce) = (false, 0);
        while (_ended < _jobs.Length)
        {
            if (_stop.IsCancellationRequested) return null;
            if (!_events.TryTake(out var e, out var at)) throw Laws.Broken("End", $"nothing happens any more, and {Open()} has not ended");
            if (Ticks.Seconds(at) > _config.Scheduler.HorizonS) throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"After {_config.Scheduler.HorizonS} simulated seconds (scheduler.horizon_s) {Open()} has not ended, with {_strategy} and seed {_seed}."));
            if (at > _now) atOnce = 0;
            _meter.Advance(at, new(_fleet.Held, _fleet.Open, _fleet.Fragments, _fleet.HeldLent, _demand.Unmet, _queue.Count));
            _now = at;
            changed |= Handle(e);
            if (_events.HasMoreAt(at) || !changed) continue;
            if (++atOnce > MostPlansAtOnce) throw Laws.Broken("Progress", string.Create(CultureInfo.InvariantCulture, $"{MostPlansAtOnce} plans are made at {Ticks.Seconds(at)} s"));
            changed = false;
            Plan();
        }
        TrainingLaws.Check(_jobs, _fleet, _meter);
        return TrainingResults.Of(_config, _strategy, _seed, _jobs, _meter, _steps, new(_events.Handled, _plans, _searches, _refused)) with { Plugin = _plugin?.ToResult() };
    }

    private long Period => Ticks.Of(_config.Scheduler.PeriodS);

    private string Open() => Array.Find(_jobs, static j => j.Phase != JobPhase.Ended) is { } job ? $"job {job.Spec.Id}" : "no job";

    /// <summary>Lets something happen; true when the scheduler should look.</summary>
    private bool Handle(in TrainingEvent e)
    {
        switch (e.Kind)
        {
            case TrainingEventKind.Ended when IsValid(e):
                End(_jobs[e.Index]);
                return true;
            case TrainingEventKind.Left when IsValid(e):
                Left(_jobs[e.Index]);
                return true;
            case TrainingEventKind.Began when IsValid(e):
                Begin(_jobs[e.Index]);
                return true;
            case TrainingEventKind.NodeRepaired:
                _fleet.SetDown(e.Index, down: false);
                return true;
            case TrainingEventKind.NodeFailed:
                NextFailure();
                return Fail(e);
            case TrainingEventKind.LinkRecovered:
                _links.Recover(e.Index);
                return Reprice();
            case TrainingEventKind.LinkSlowed:
                NextSlowLink();
                if (!_links.Slow(e.Index)) return false;
                _events.Add(_now + e.ForTicks, new(TrainingEventKind.LinkRecovered, e.Index));
                return Reprice();
            case TrainingEventKind.DemandSeen:
                _events.Add(_now + _demand.Step, e);
                foreach (var node in _demand.Look(_now)) AskBack(node);
                return true;
            case TrainingEventKind.Submitted:
                Enqueue(e.Index);
                return true;
            case TrainingEventKind.Woke:
                // Index 1 is the period; others are moments that a job has waited for.
                if (e.Index == 1) _events.Add(_now + Period, e);
                return true;
            default:
                return false;
        }
    }

    private bool IsValid(in TrainingEvent e) => _jobs[e.Index].Version == e.Version;

    private void At(long at, TrainingEventKind kind, SimJob job) => _events.Add(at, new(kind, _byId[job.Spec.Id], job.Version));

    private void Enqueue(int index)
    {
        var job = _jobs[index];
        _queue.Put(ToTraining(job));
        _events.Add(_now + _options.ConsolidateAfter.Ticks, new(TrainingEventKind.Woke));
    }

    private void NextFailure()
    {
        if (_config.Failures.MeanTimeBetweenS <= 0) return;
        var at = _now + Ticks.Of(_failures.NextExponential(_config.Failures.MeanTimeBetweenS / _fleet.Nodes.Count)) + 1;
        var node = _failures.NextIndex(_fleet.Nodes.Count);
        // Drawn now, so that whatever jobs do, the same nodes fail at the same times for as long.
        _events.Add(at, new(TrainingEventKind.NodeFailed, node, 0, Ticks.Of(_failures.NextExponential(_config.Failures.MeanRepairS)) + 1));
    }

    private void NextSlowLink()
    {
        if (_links.Next() is var (inTicks, link, forTicks)) _events.Add(_now + inTicks, new(TrainingEventKind.LinkSlowed, link, 0, forTicks));
    }

    /// <summary>Jobs go on at the speed that their links allow now.</summary>
    private bool Reprice()
    {
        foreach (var job in _placed.Where(static j => j.Phase == JobPhase.Runs && j.Place!.Groups.Count > 1)) Price(job);
        return false;
    }
}
