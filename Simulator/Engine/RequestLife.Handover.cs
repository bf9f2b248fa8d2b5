using InferMesh.Simulator.Service;
using InferMesh.Strategies.Routing;

namespace InferMesh.Simulator.Engine;

/// <content>
/// From a node that only prefills to one that only decodes. The first token goes to the router, which picks a node for the rest; that one takes room, fetches the
/// KV blocks and goes on. Until they have all arrived, both nodes hold them.
/// </content>
internal sealed partial class RequestLife
{
    /// <summary>The first token is at the router, and the rest is another node's.</summary>
    private void HandOver(int slot, int number, long nowNs)
    {
        ref var flight = ref _flights[slot];
        ref var attempt = ref flight.At(number);
        Win(slot, number, nowNs);
        // Another copy was first: the news that this one is called off is on its way to the node.
        if (flight.Winner != number) return;
        var router = world.Routers[flight.Router];
        var prefill = attempt.Target;
        router.Settle(prefill, nowNs);
        router.Learn(attempt, flight.Request, (nowNs - attempt.SentNs) / 1e9, nowNs, succeeded: true);

        var failed = number == Flight.Retry ? FailedNodes(flight) : [];
        var decoders = router.For(WorkPart.Decode);
        var bytes = BlockPool.For(flight.Request.PromptTokens) * (long)world.Kv!.BytesPerBlock;
        var near = world.Kv.Near(prefill);
        var pick = decoders.Decide(flight.Request, bytes, nowNs, failed, near);
        // None of its cell has room: then one that is further.
        if (pick.Outcome != DecisionOutcome.Routed && !ReferenceEquals(near, PlacementRule.Anywhere)) pick = decoders.Decide(flight.Request, bytes, nowNs, failed, PlacementRule.Anywhere);
        if (pick.Outcome != DecisionOutcome.Routed)
        {
            attempt.State = AttemptState.Ended;
            FreeBlocks(slot, ref attempt, nowNs);
            Refuse(slot, failed.Length > 0, nowNs);
            return;
        }
        attempt.Target = decoders.Best[0].Target;
        attempt.State = AttemptState.Travelling;
        attempt.HandedNs = nowNs;
        Picked(decoders, attempt.Target, nowNs);
        decoders.Dispatch(ref attempt, flight.Request, nowNs);
        attempt.Decision = decoders.LastDecision;
        Launch(slot, number, nowNs + decisionNs);
    }

    /// <summary>All KV blocks are where the request goes on.</summary>
    public void BlocksMoved(int slot, int tag, long nowNs)
    {
        if (!_flights.IsCurrent(slot, tag)) return;
        ref var attempt = ref _flights[slot].At(FlightPool.AttemptOf(tag));
        if (!attempt.HoldsBlocks) return;
        attempt.MovedNs = nowNs;
        FreeBlocks(slot, ref attempt, nowNs);
    }

    void IEngineEvents.Fetching(int request, long atNs, long arrivesNs, int blocks)
    {
        ref var flight = ref _flights[request];
        ref readonly var attempt = ref Advancing(request);
        world.Metrics.KvMove(blocks * (double)world.Kv!.BytesPerBlock, arrivesNs - atNs, world.Fleet.Cell[attempt.Prefill] != world.Fleet.Cell[attempt.Target]);
        _queue.Add(arrivesNs, EventKind.BlocksMoved, request, _flights.Tag(request, flight.OnTarget(_advancing)));
    }

    /// <summary>Gives a delivered attempt to the engine of its target; false when it can never fit.</summary>
    private bool Submit(int slot, ref Attempt attempt, in SimRequest request, long nowNs, out bool changed)
    {
        var target = attempt.Target;
        var own = request with { Id = slot };
        return world.Fleet.PartOf(target) switch
        {
            WorkPart.Prefill when request.OutputTokens > 1 => world.Rack.SubmitPrefill(target, own, nowNs, out changed),
            WorkPart.Decode => world.Rack.SubmitDecode(target, own, attempt.FirstNs, world.Kv!.Link(attempt.Prefill, target), nowNs, out changed),
            _ => world.Rack.Submit(target, own, nowNs, out changed),
        };
    }

    /// <summary>The node that prefilled lets go of the blocks; it may have lost them itself.</summary>
    private void FreeBlocks(int slot, ref Attempt attempt, long nowNs)
    {
        if (!attempt.HoldsBlocks) return;
        attempt.HoldsBlocks = false;
        if (world.Rack.Free(attempt.Prefill, slot, nowNs, out var changed) && changed) world.Signals.Changed(attempt.Prefill, nowNs);
    }

    /// <summary>A node broke and with it what an attempt had there: its place, or the blocks that another node still had to fetch.</summary>
    private void LoseOn(int target, int slot, long nowNs)
    {
        ref var flight = ref _flights[slot];
        var number = flight.OnTarget(target);
        if (number == Flight.Nobody) number = flight.HeldBy(target);
        ref var attempt = ref flight.At(number);
        if (attempt.Target != target && attempt.State == AttemptState.OnTarget && world.Rack.Cancel(attempt.Target, slot, nowNs, out var changed) && changed)
            world.Signals.Changed(attempt.Target, nowNs);
        attempt.Failed = target;
        Lose(slot, _flights.Tag(slot, number), nowNs);
    }

    /// <summary>Nodes on which attempts failed.</summary>
    private string[] FailedNodes(in Flight flight)
    {
        var first = world.Fleet.Identity[Failed(flight.At(Flight.First))].NodeId;
        ref readonly var hedge = ref flight.At(Flight.Hedge);
        return hedge.State == AttemptState.None ? [first] : [first, world.Fleet.Identity[Failed(hedge)].NodeId];

        static int Failed(in Attempt attempt) => attempt.Failed == Flight.Nobody ? attempt.Target : attempt.Failed;
    }
}
