using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Metrics;
using InferMesh.Simulator.Results;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload;
using InferMesh.Simulator.World;

namespace InferMesh.Simulator.Engine.ReferenceBugs;

/// <summary>
/// The original's simulation, to reproduce and explain its published table: fresh views, no network time, hedges for a tenth of all requests whatever the strategy, and nodes
/// that keep every batch for good (<see cref="BuggyNode"/>). Latencies are of the few requests that complete; unlike there, the others are counted here.
/// </summary>
internal sealed class BuggyRun
{
    private const double HedgedShare = 0.1, HedgeAlpha = 0.7;
    private const int EventsPerLook = 1 << 14;

    private readonly RunPlan _plan;
    private readonly RunOptions _options;
    private readonly string _name;
    private readonly ulong _seed;
    private readonly long _decisionNs, _horizonNs;
    private readonly BuggyProfile _profile;
    private readonly BuggyNode[] _nodes;
    private readonly BuggyStrategy _strategy;
    private readonly EventQueue _queue = new();
    private readonly RunMetrics _metrics;
    private readonly WorkloadSource _workload;
    private readonly RandomStream _random;
    private readonly List<Waiting> _requests = [];
    private readonly List<int> _batch = [];
    private readonly double[] _busySeconds;
    private readonly long[] _given;
    private long _inSystem, _areaUntilNs;
    private double _areaNs;

    public BuggyRun(RunPlan plan, ulong seed, StrategyConfig strategy, RunOptions options)
    {
        (_plan, _options, _name, _seed) = (plan, options, strategy.Name, seed);
        var config = plan.Config with { Seed = seed };
        _horizonNs = (long)(config.DurationS * 1e9);
        _decisionNs = (long)((config.Routers.DecisionCostS ?? BuggyStrategy.DecisionSeconds(strategy.Name)) * 1e9);
        var gpu = config.Topology.GpuProfiles[0];
        GpuCatalog.TryGet(gpu.Name, out var known);
        known ??= GpuCatalog.All[0];
        _profile = new(gpu.TokensPerS ?? known.PrefillTokensPerSecond, gpu.Concurrency ?? 16, gpu.VramTotalGb ?? known.VramTotalBytes / 1e9, (long)(gpu.BatchWindowMs * 1e6), gpu.KvCacheGbPerReq);
        _nodes = [.. Enumerable.Range(0, plan.Fleet.Nodes).Select(n => new BuggyNode(_profile, n / config.Topology.NodesPerCell))];
        _random = new(seed, Streams.Ties);
        _strategy = new(strategy.Name, _nodes, _profile.TokensPerSecond, _random);
        _metrics = new(config);
        _workload = WorkloadSource.Open(config, plan.Rps);
        (_busySeconds, _given) = (new double[_nodes.Length], new long[_nodes.Length]);
    }

    public StrategyResult Run()
    {
        Next();
        long events = 0, now = 0;
        var complete = true;
        while (_queue.TryTake(out var e) && e.AtNs <= _horizonNs)
        {
            now = e.AtNs;
            if (++events % EventsPerLook == 0)
            {
                complete = !_options.Stop.IsCancellationRequested;
                if (!complete) break;
                _options.Progress?.Invoke(new(_name, _seed, now / 1e9, _horizonNs / 1e9, events));
            }
            Handle(e);
        }
        if (complete) now = _horizonNs;
        Count(0, now);
        return Result(complete, now, events);
    }

    private void Handle(in SimEvent e)
    {
        switch (e.Kind)
        {
            case EventKind.NextArrival:
                Arrive(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.RequestDelivered:
                Enqueue(e.Index, e.Tag, e.AtNs);
                break;
            case EventKind.HedgeDue:
                if (_requests[e.Index].Done) break;
                _metrics.HedgesFired++;
                Enqueue(e.Index, _strategy.SecondShortest(), e.AtNs);
                break;
            default:
                Complete(e.Index, e.Tag, e.AtNs);
                break;
        }
    }

    private void Next()
    {
        if (_workload.TryNext(out var request)) Schedule(request, 0);
    }

    private void Schedule(SimRequest request, int follows)
    {
        _requests.Add(new() { Request = request });
        _queue.Add(request.AtNs, EventKind.NextArrival, _requests.Count - 1, follows);
    }

    private void Arrive(int number, int follows, long nowNs)
    {
        if (follows == 0) Next();
        var request = _requests[number].Request;
        _metrics.Arrive(request);
        Count(1, nowNs);
        _queue.Add(nowNs + _decisionNs, EventKind.RequestDelivered, number, _strategy.Pick(nowNs));
        if (_random.NextUnit() < HedgedShare) _queue.Add(nowNs + (long)(HedgeAlpha * SloGoals.DefaultE2eNs(request)), EventKind.HedgeDue, number);
    }

    private void Enqueue(int number, int node, long nowNs)
    {
        _batch.Clear();
        var request = _requests[number].Request;
        if (!_nodes[node].Enqueue(new(number, _profile.Seconds(request)), request.Type, nowNs, _batch, out var service))
        {
            var lost = _requests[number];
            lost.Lost = true;
            _requests[number] = lost;
            return;
        }
        _given[node]++;
        _busySeconds[node] += Math.Min(service, (_horizonNs - nowNs) / 1e9);
        foreach (var one in _batch)
        {
            var started = _requests[one];
            if (started.StartNs == 0) started.StartNs = nowNs;
            _requests[one] = started;
            _queue.Add(nowNs + SimTime.Ns(service), EventKind.AnswerArrives, one, node);
        }
    }

    private void Complete(int number, int node, long nowNs)
    {
        var done = _requests[number];
        if (done.Done) return;
        done.Done = true;
        _requests[number] = done;
        Count(-1, nowNs);
        var request = done.Request;
        _metrics.Complete(request, new(nowNs - request.AtNs, done.StartNs - request.AtNs, nowNs - done.StartNs, nowNs - request.AtNs, -1));
        _workload.Completed(request, nowNs, child => Schedule(child, 1));
    }

    private void Count(int change, long nowNs)
    {
        _areaNs += (double)_inSystem * (nowNs - _areaUntilNs);
        _areaUntilNs = nowNs;
        _inSystem += change;
    }

    private StrategyResult Result(bool complete, long now, long events)
    {
        var (m, seconds, fleet) = (_metrics, Math.Max(now / 1e9, 1e-9), _plan.Fleet);
        long dropped = 0;
        var openNs = 0.0;
        foreach (var r in _requests)
        {
            if (r.Done || r.Request.AtNs > now) continue;
            if (r.Lost) dropped++;
            openNs += now - r.Request.AtNs;
        }
        if (Math.Abs(_areaNs - m.SojournNs - openNs) > 1e-9 * Math.Max(1e9, _areaNs)) throw Laws.Broken("Little's", FormattableString.Invariant($"L x T is {_areaNs}, the sum of sojourns {m.SojournNs + openNs} ns"));
        var (hours, dollars, tokens) = (fleet.Gpus * seconds / 3600, fleet.DollarsPerHour * seconds / 3600, (double)m.PromptTokens + m.OutputTokens);
        var vram = ResultBuilder.SpreadOf(_nodes.Length, n => _nodes[n].VramShare);
        var given = ResultBuilder.SpreadOf(_nodes.Length, n => _given[n]);
        return new()
        {
            Strategy = _name,
            Seed = _seed,
            Complete = complete,
            SimulatedSeconds = now / 1e9,
            Events = events,
            Requests = new(m.Arrived, m.Completed, m.Arrived - m.Completed - dropped, 0, dropped),
            All = m.All(),
            ByType = m.ByType(),
            ByTenant = m.ByTenant(),
            BySloClass = m.BySloClass(),
            SloAttainment = m.Arrived > 0 ? (double)m.SloMet / m.Arrived : 0,
            GoodputRps = m.SloMet / seconds,
            RequestsPerSecond = m.Completed / seconds,
            OutputTokensPerSecond = m.OutputTokens / seconds,
            TokensPerSecond = tokens / seconds,
            Utilisation = ResultBuilder.SpreadOf(_nodes.Length, n => Math.Min(1, _busySeconds[n] / seconds)),
            Vram = vram,
            Kv = vram,
            BusiestOverMean = given.Mean > 0 ? given.Max / given.Mean : 0,
            Hedges = new(m.HedgesFired, 0, 0, 0),
            NetworkBytes = 0,
            Cost = new(hours, dollars, ResultBuilder.Per(dollars, tokens / 1000), ResultBuilder.Per(dollars, m.SloMet), ResultBuilder.Per(dollars, m.SloMetTokens / 1000.0)),
            SignalAgeSeconds = 0,
            PrefixHitRate = 0,
            MeanInSystem = _areaNs / (seconds * 1e9),
            Series = [],
            UtilisationHeat = [],
        };
    }

    private struct Waiting
    {
        public SimRequest Request;
        public long StartNs;
        public bool Done, Lost;
    }
}
