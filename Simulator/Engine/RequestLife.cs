using InferMesh.Simulator.Service;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Routing;

namespace InferMesh.Simulator.Engine;

/// <summary>
/// A request from its arrival to its answer: to its router, through a decision, to a node, through the engine, and back; with a hedge where one is due and one retry where a
/// node is lost. Whatever becomes of it, it is counted once.
/// </summary>
internal sealed partial class RequestLife(RunWorld world, long decisionNs, double? hedgeAlpha) : IEngineEvents
{
    // The least that the decision kernel answers.
    private const long RetryAfterNs = 1_000_000_000;

    private readonly FlightPool _flights = world.Flights;
    private readonly EventQueue _queue = world.Queue;
    private readonly List<int> _lost = [];
    private Action<SimRequest>? _schedule;
    private int _advancing;
    private double _areaNs, _endedSojournNs;
    private long _inSystem, _areaUntilNs;

    /// <summary>Schedules the next arrival that needs no answer first.</summary>
    public void Next()
    {
        if (world.Workload.TryNext(out var request)) _queue.Add(request.AtNs, EventKind.NextArrival, _flights.Open(request), 0);
    }

    public void Arrive(int slot, int follows, long nowNs)
    {
        if (follows == 0) Next();
        ref var flight = ref _flights[slot];
        flight.Arrived = true;
        flight.Router = world.Routers.For(flight.Request.Cell);
        world.Metrics.Arrive(flight.Request);
        world.Series.Arrived();
        Count(1, nowNs);
        var way = world.IngressNs(flight);
        if (way == 0) Decide(slot, nowNs, []);
        else _queue.Add(nowNs + way, EventKind.RequestAtRouter, slot, _flights.Tag(slot, Flight.First));
    }

    public void Decide(int slot, long nowNs, IReadOnlyList<string> excluded)
    {
        ref var flight = ref _flights[slot];
        var router = world.Routers[flight.Router];
        var pick = router.Decide(flight.Request, Payload.OfPrompt(flight.Request), nowNs, excluded, PlacementRule.Anywhere);
        if (pick.Outcome != DecisionOutcome.Routed)
        {
            Refuse(slot, excluded.Count > 0, nowNs);
            return;
        }
        var target = router.Best[0].Target;
        Picked(router, target, nowNs);
        var number = excluded.Count > 0 ? Flight.Retry : Flight.First;
        ref var attempt = ref flight.At(number);
        attempt = new(target) { State = AttemptState.Travelling };
        router.Dispatch(ref attempt, flight.Request, nowNs);
        attempt.Decision = router.LastDecision;
        Launch(slot, number, nowNs + decisionNs);
        if (number != Flight.First || pick.Hedge.Verdict != HedgeVerdict.Planned) return;
        flight.HedgeTarget = router.Best[pick.Hedge.Pick].Target;
        var delay = hedgeAlpha is { } alpha ? alpha * world.Metrics.Goals.HedgeBaseNs(flight.Request) : pick.Hedge.Delay.TotalSeconds * 1e9;
        _queue.Add(nowNs + decisionNs + (long)delay, EventKind.HedgeDue, slot, _flights.Tag(slot, Flight.Hedge));
    }

    public void HedgeDue(int slot, int tag, long nowNs)
    {
        if (!_flights.IsCurrent(slot, tag)) return;
        ref var flight = ref _flights[slot];
        ref var first = ref flight.At(Flight.First);
        var router = world.Routers[flight.Router];
        var firstBack = first.FirstNs < 0 ? long.MaxValue : first.FirstNs + router.HalfRttNs(first.Prefill);
        if (flight.Done || !first.IsLive || first.State == AttemptState.Lost || firstBack <= nowNs) return;
        ref var hedge = ref flight.At(Flight.Hedge);
        hedge = new(flight.HedgeTarget) { Decision = first.Decision };
        if (!router.TryHedge(ref hedge, flight.Request, nowNs)) return;
        hedge.State = AttemptState.Travelling;
        world.Metrics.HedgesFired++;
        Launch(slot, Flight.Hedge, nowNs);
        if (firstBack != long.MaxValue) _queue.Add(firstBack, EventKind.FirstTokenArrives, slot, _flights.Tag(slot, Flight.First));
    }

    public void Deliver(int slot, int tag, long nowNs)
    {
        if (!_flights.IsCurrent(slot, tag)) return;
        ref var flight = ref _flights[slot];
        ref var attempt = ref flight.At(FlightPool.AttemptOf(tag));
        if (attempt.State != AttemptState.Travelling) return;
        var target = attempt.Target;
        var isDown = world.Failures.IsDown(world.Fleet.Node[target]);
        var ready = isDown ? nowNs : world.Cold.ReadyNs(target, nowNs);
        if (ready > nowNs)
        {
            _queue.Add(ready, EventKind.RequestDelivered, slot, tag);
            world.Signals.Changed(target, nowNs);
            return;
        }
        if (attempt.HandedNs == 0) attempt.DeliveredNs = nowNs;
        attempt.State = AttemptState.OnTarget;
        var changed = false;
        if (isDown || !Submit(slot, ref attempt, flight.Request, nowNs, out changed))
        {
            Lose(slot, tag, nowNs);
            return;
        }
        world.Delivered[target]++;
        if (attempt.HandedNs == 0) world.Metrics.PrefixBlocks += flight.Request.Prefix.Length;
        if (changed) world.Signals.Changed(target, nowNs);
    }

    public void Wake(int target, int version, long nowNs)
    {
        _advancing = target;
        if (world.Rack.Wake(target, version, nowNs, this)) world.Signals.Changed(target, nowNs);
    }

    public void FirstTokenArrives(int slot, int tag, long nowNs)
    {
        if (_flights.IsCurrent(slot, tag)) Win(slot, FlightPool.AttemptOf(tag), nowNs);
    }

    public void AnswerArrives(int slot, int tag, long nowNs)
    {
        if (!_flights.IsCurrent(slot, tag)) return;
        ref var flight = ref _flights[slot];
        var number = FlightPool.AttemptOf(tag);
        ref var attempt = ref flight.At(number);
        if (attempt.State == AttemptState.Prefilled)
        {
            HandOver(slot, number, nowNs);
            return;
        }
        if (attempt.State != AttemptState.Finished) return;
        Win(slot, number, nowNs);
        attempt.State = AttemptState.Ended;
        if (flight.Winner != number)
        {
            Waste(flight.Request, attempt);
            CloseIfOver(slot);
            return;
        }
        var router = world.Routers[flight.Router];
        router.Settle(attempt.Target, nowNs);
        // A node that only decodes had no part in the first token.
        var first = attempt.HandedNs > 0 ? double.NaN : (attempt.FirstNs + router.HalfRttNs(attempt.Target) - attempt.SentNs) / 1e9;
        router.Learn(attempt, flight.Request, first, nowNs, succeeded: true);
        if (number == Flight.Hedge) world.Metrics.HedgesWon++;
        var way = world.IngressNs(flight);
        if (way == 0) AnswerHome(slot, tag, nowNs);
        else _queue.Add(nowNs + way, EventKind.AnswerHome, slot, tag);
    }

    public void AnswerHome(int slot, int tag, long nowNs)
    {
        ref var flight = ref _flights[slot];
        ref readonly var attempt = ref flight.At(FlightPool.AttemptOf(tag));
        var request = flight.Request;
        Laws.Causality(request, attempt, nowNs);
        var back = nowNs - attempt.DoneNs;
        var decoded = request.OutputTokens > 1 ? (attempt.DoneNs - attempt.FirstNs) / (request.OutputTokens - 1) : -1;
        var firstBack = back - world.Routers[flight.Router].HalfRttNs(attempt.Target) + world.Routers[flight.Router].HalfRttNs(attempt.Prefill);
        var ttft = attempt.FirstNs + firstBack - request.AtNs;
        world.Metrics.Complete(request, new(nowNs - request.AtNs, attempt.StartNs - request.AtNs, attempt.DoneNs - attempt.StartNs, ttft, decoded));
        world.Series.Completed(ttft);
        world.Experiment?.Completed(request, ttft, nowNs - request.AtNs, nowNs);
        End(slot, nowNs, nowNs);
    }

    public void CancelArrives(int slot, int tag, long nowNs)
    {
        if (!_flights.IsCurrent(slot, tag)) return;
        ref var flight = ref _flights[slot];
        ref var attempt = ref flight.At(FlightPool.AttemptOf(tag));
        if (attempt.State == AttemptState.OnTarget)
        {
            if (!world.Rack.Cancel(attempt.Target, slot, nowNs, out var changed)) throw Laws.Broken("Requests", $"{attempt.Target} does not hold what it was given");
            if (changed) world.Signals.Changed(attempt.Target, nowNs);
            Waste(flight.Request, attempt);
            world.Oracle?.Ended(attempt.Target, flight.Request);
        }
        else if (attempt.State == AttemptState.Prefilled)
        {
            FreeBlocks(slot, ref attempt, nowNs);
            Waste(flight.Request, attempt);
        }
        else if (attempt.State == AttemptState.Travelling)
        {
            world.Oracle?.Ended(attempt.Target, flight.Request);
        }
        else
        {
            return;
        }
        attempt.State = AttemptState.Ended;
        CloseIfOver(slot);
    }

    public void AttemptLost(int slot, int tag, long nowNs)
    {
        if (!_flights.IsCurrent(slot, tag)) return;
        ref var flight = ref _flights[slot];
        var number = FlightPool.AttemptOf(tag);
        ref var attempt = ref flight.At(number);
        attempt.State = AttemptState.Ended;
        var router = world.Routers[flight.Router];
        if (!attempt.Unwanted) router.Settle(attempt.Target, nowNs);
        router.Learn(attempt, flight.Request, double.NaN, nowNs, succeeded: false);
        if (flight.Done)
        {
            CloseIfOver(slot);
            return;
        }
        if (flight.Winner == number) flight.Winner = Flight.Nobody;
        if (IsWanted(flight.At(Flight.First)) || IsWanted(flight.At(Flight.Hedge)) || IsWanted(flight.At(Flight.Retry))) return;
        if (flight.At(Flight.Retry).State != AttemptState.None)
        {
            world.Metrics.Dropped++;
            GiveUp(slot, nowNs);
            return;
        }
        Decide(slot, nowNs, FailedNodes(flight));

        static bool IsWanted(in Attempt attempt) => attempt.IsLive && !attempt.Unwanted;
    }

    /// <summary>A node breaks: all that is on it is lost.</summary>
    public void Fail(int node, long nowNs)
    {
        if (!world.Failures.Fail(node, nowNs)) return;
        for (var target = world.Fleet.NodeStart[node]; target < world.Fleet.NodeStart[node + 1]; target++)
        {
            _lost.Clear();
            world.Rack.Crash(target, nowNs, _lost);
            foreach (var slot in _lost) LoseOn(target, slot, nowNs);
            world.Signals.Silent(target, nowNs);
        }
    }

    public void Repair(int node, long nowNs)
    {
        world.Failures.Repair(node);
        for (var target = world.Fleet.NodeStart[node]; target < world.Fleet.NodeStart[node + 1]; target++) world.Signals.Back(target, nowNs);
    }

    /// <summary>Checks the laws at the horizon and returns the mean number of requests in the system.</summary>
    public double Finish(long nowNs)
    {
        Count(0, nowNs);
        return Laws.Check(world, _areaNs, _endedSojournNs, _inSystem, nowNs);
    }

    void IEngineEvents.Started(int request, long atNs)
    {
        ref var attempt = ref Advancing(request);
        if (attempt.StartNs < 0) attempt.StartNs = atNs;
    }

    void IEngineEvents.FirstToken(int request, long atNs)
    {
        ref var attempt = ref Advancing(request);
        attempt.FirstNs = atNs;
        attempt.Tokens = 1;
        ref var flight = ref _flights[request];
        if (flight.At(Flight.Hedge).State != AttemptState.None && flight.Winner == Flight.Nobody && !attempt.Unwanted)
            _queue.Add(atNs + world.Routers[flight.Router].HalfRttNs(attempt.Target), EventKind.FirstTokenArrives, request, _flights.Tag(request, flight.OnTarget(_advancing)));
    }

    void IEngineEvents.Gaps(int request, long gapNs, int count)
    {
        ref var attempt = ref Advancing(request);
        attempt.Tokens += count;
        if (!attempt.Unwanted) world.Metrics.Gaps(_flights[request].Request, gapNs, count);
    }

    void IEngineEvents.Finished(int request, long atNs)
    {
        ref var flight = ref _flights[request];
        var number = flight.OnTarget(_advancing);
        ref var attempt = ref Advancing(request);
        world.Oracle?.Ended(_advancing, flight.Request);
        if (world.Fleet.PartOf(_advancing) == WorkPart.Prefill && flight.Request.OutputTokens > 1)
        {
            (attempt.State, attempt.HoldsBlocks) = (AttemptState.Prefilled, true);
        }
        else
        {
            Laws.Tokens(flight.Request, attempt);
            attempt.DoneNs = atNs;
            attempt.State = AttemptState.Finished;
        }
        _queue.Add(atNs + world.Routers[flight.Router].HalfRttNs(attempt.Target), EventKind.AnswerArrives, request, _flights.Tag(request, number));
    }

    void IEngineEvents.Preempted(int request, long atNs)
    {
        // It waits again; its first start is what its queue wait ends with.
    }

    private ref Attempt Advancing(int slot)
    {
        ref var flight = ref _flights[slot];
        var number = flight.OnTarget(_advancing);
        if (number == Flight.Nobody) throw Laws.Broken("Requests", $"target {_advancing} speaks of a request that is not there");
        return ref flight.At(number);
    }

    private void Launch(int slot, int number, long fromNs)
    {
        ref var flight = ref _flights[slot];
        var target = flight.At(number).Target;
        var (here, there) = (world.Routers[flight.Router].Cell, world.Fleet.Cell[target]);
        var bytes = Payload.OfPrompt(flight.Request);
        if (here != there) world.Metrics.NetworkBytes += bytes + Payload.OfAnswer(world.Fleet.PartOf(target).Of(flight.Request));
        world.Oracle?.Sent(target, flight.Request, fromNs);
        var way = world.Routers[flight.Router].HalfRttNs(target) + SimTime.Ns(bytes / world.Network.BytesPerSecond(here, there));
        _queue.Add(fromNs + way, EventKind.RequestDelivered, slot, _flights.Tag(slot, number));
    }

    /// <summary>The attempt whose first token came first is the one that counts; the other is called off.</summary>
    private void Win(int slot, int number, long nowNs)
    {
        ref var flight = ref _flights[slot];
        if (flight.Winner != Flight.Nobody || flight.At(number).Unwanted) return;
        flight.Winner = number;
        for (var other = 0; other < Flight.Attempts; other++)
        {
            ref var loser = ref flight.At(other);
            if (other == number || !loser.IsLive || loser.Unwanted) continue;
            loser.Unwanted = true;
            var router = world.Routers[flight.Router];
            router.Settle(loser.Target, nowNs);
            _queue.Add(nowNs + router.HalfRttNs(loser.Target), EventKind.CancelArrives, slot, _flights.Tag(slot, other));
        }
    }

    private void Waste(in SimRequest request, in Attempt attempt)
    {
        if (attempt.StartNs < 0) return;
        world.Metrics.HedgesWasted++;
        world.Metrics.WastedTokens += request.PromptTokens + attempt.Tokens;
    }

    private void Lose(int slot, int tag, long nowNs)
    {
        ref var flight = ref _flights[slot];
        ref var attempt = ref flight.At(FlightPool.AttemptOf(tag));
        if (attempt.State != AttemptState.Prefilled) world.Oracle?.Ended(attempt.Target, flight.Request);
        attempt.State = AttemptState.Lost;
        FreeBlocks(slot, ref attempt, nowNs);
        _queue.Add(nowNs + world.Routers[flight.Router].HalfRttNs(attempt.Target), EventKind.AttemptLost, slot, tag);
    }

    private void Picked(MeshRouter router, int target, long nowNs)
    {
        world.Metrics.Picks++;
        world.Metrics.AgeSecondsSum += router.Targets.AgeSeconds(target, MeshRouter.Ticks(nowNs));
    }

    private void Refuse(int slot, bool isRetry, long nowNs)
    {
        if (isRetry) world.Metrics.Dropped++;
        else world.Metrics.Rejected++;
        GiveUp(slot, nowNs);
    }

    private void GiveUp(int slot, long nowNs)
    {
        _endedSojournNs += nowNs - _flights[slot].Request.AtNs;
        world.Experiment?.Failed(_flights[slot].Request, nowNs);
        // Who is turned away is told to come again in a second or more: nobody asks in a circle in no time.
        End(slot, nowNs, nowNs + RetryAfterNs);
    }

    private void End(int slot, long nowNs, long toldNs)
    {
        _flights[slot].Done = true;
        Count(-1, nowNs);
        var request = _flights[slot].Request;
        CloseIfOver(slot);
        world.Workload.Completed(request, toldNs, _schedule ??= child => _queue.Add(child.AtNs, EventKind.NextArrival, _flights.Open(child), 1));
    }

    private void CloseIfOver(int slot)
    {
        if (_flights[slot].Done && !_flights[slot].AnyLive) _flights.Close(slot);
    }

    private void Count(int change, long nowNs)
    {
        _areaNs += (double)_inSystem * (nowNs - _areaUntilNs);
        _areaUntilNs = nowNs;
        _inSystem += change;
    }
}
