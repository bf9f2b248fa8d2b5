using InferMesh.Strategies.Routing;

namespace InferMesh.Simulator.Engine;

/// <summary>
/// A discrete-event run of one strategy over a fleet of continuous batches. The router decides on readings that are as old as the
/// signal period and delay make them, through the same kernel and strategy objects as the live mesh. Deterministic: no clock, no threads.
/// </summary>
public sealed class Simulation
{
    private readonly SimulationOptions _options;
    private readonly Workload _workload;
    private readonly SimNode[] _nodes;
    private readonly SimRouter _router;
    private readonly EventQueue _events = new();
    private readonly RequestRecord[] _records;
    private readonly string _strategy;
    private long _now;
    private int _held;
    private double _heldSeconds;

    private Simulation(SimulationOptions options, Workload workload, IRoutingStrategy strategy)
    {
        (_options, _workload, _strategy) = (options, workload, strategy.Name);
        _nodes = [.. options.Nodes.Select(p => new SimNode(p))];
        _router = new(strategy, options.Nodes, workload.Capabilities);
        _records = [.. workload.Arrivals.Select(a => new RequestRecord(a.AtTicks))];
    }

    /// <summary>Runs each strategy over the same requests.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IReadOnlyList<SimulationResult> Run(SimulationOptions options, IEnumerable<IRoutingStrategy> strategies)
    {
        options.Check();
        var workload = Workload.Draw(options);
        return [.. strategies.Select(s => new Simulation(options, workload, s).Run())];
    }

    private SimulationResult Run()
    {
        for (var node = 0; node < _nodes.Length; node++)
        {
            // Nodes report one after the other within a period, as agents that started at different times do.
            _events.Add(_options.SignalPeriod.Ticks * node / _nodes.Length, new(EventKind.ReadingTaken, node));
        }
        for (var i = 0; i < _workload.Arrivals.Count; i++) _events.Add(_workload.Arrivals[i].AtTicks, new(EventKind.RequestArrives, i));

        var end = _options.Duration.Ticks * 2;
        while (_events.TryTake(out var at, out var what) && at <= end)
        {
            Advance(at);
            Handle(what);
        }
        return SimulationResult.Of(_strategy, _options, _records, _nodes.Sum(n => n.Held), _heldSeconds);
    }

    private void Advance(long at)
    {
        _heldSeconds += _held * ((at - _now) / (double)TimeSpan.TicksPerSecond);
        _now = at;
    }

    private void Handle(SimEvent what)
    {
        switch (what.Kind)
        {
            case EventKind.StepEnds:
                EndStep(what.Index);
                break;
            case EventKind.ReadingTaken:
                _events.Add(_now + _options.SignalDelay.Ticks, new(EventKind.ReadingArrives, what.Index, _nodes[what.Index].Read(_now)));
                _events.Add(_now + _options.SignalPeriod.Ticks, new(EventKind.ReadingTaken, what.Index));
                break;
            case EventKind.ReadingArrives:
                _router.Take(what.Index, what.Reading);
                break;
            case EventKind.RequestArrives:
                Arrive(_workload.Arrivals[what.Index]);
                break;
            default:
                throw new InvalidOperationException($"{what.Kind} has no handler.");
        }
    }

    private void Arrive(in Arrival request)
    {
        if (_router.Route(request, _now) is not { } node) return;
        _records[request.Id].Node = node;
        _nodes[node].Submit(request);
        _held++;
        if (!_nodes[node].Stepping) BeginStep(node);
    }

    private void BeginStep(int node)
    {
        if (_nodes[node].BeginStep() is { } lasts) _events.Add(_now + lasts.Ticks, new(EventKind.StepEnds, node));
    }

    private void EndStep(int node)
    {
        var step = _nodes[node].EndStep();
        foreach (var id in step.FirstTokens.Span) _records[id].FirstTokenTicks = _now;
        foreach (var id in step.Finished.Span)
        {
            _records[id].FinishedTicks = _now;
            _router.Settle(node, _now);
            _held--;
        }
        BeginStep(node);
    }
}
