using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Engine;

/// <summary>What holds of every run, whatever it simulates. Checked always: a simulator that breaks one is wrong, and says so instead of giving figures.</summary>
internal static class Laws
{
    // Sums of a few million doubles.
    private const double Rounding = 1e-9;

    /// <summary>The exception for a broken law.</summary>
    public static InvalidOperationException Broken(string law, string how) => new($"{law} law broken: {how}.");

    /// <summary>Nothing comes before what it follows from.</summary>
    public static void Causality(in SimRequest request, in Attempt a, long nowNs)
    {
        if (request.AtNs > a.SentNs || a.SentNs > a.DeliveredNs || a.DeliveredNs > a.StartNs || a.StartNs > a.FirstNs || a.FirstNs > a.DoneNs || a.DoneNs > nowNs
            || a.HandedNs > 0 && (a.FirstNs > a.HandedNs || a.HandedNs > a.MovedNs || a.MovedNs > a.DoneNs))
            throw Broken("Causality", FormattableString.Invariant($"request {request.Id}: {request.AtNs}, {a.SentNs}, {a.DeliveredNs}, {a.StartNs}, {a.FirstNs}, {a.HandedNs}, {a.MovedNs}, {a.DoneNs}, {nowNs}"));
    }

    /// <summary>As many tokens come out as were asked for.</summary>
    public static void Tokens(in SimRequest request, in Attempt attempt)
    {
        if (attempt.Tokens != request.OutputTokens) throw Broken("Tokens", FormattableString.Invariant($"request {request.Id} got {attempt.Tokens} of {request.OutputTokens}"));
    }

    /// <summary>At the horizon: requests, engines, memory and Little's law. Empties the engines. Returns the mean number of requests in the system.</summary>
    public static double Check(RunWorld world, double areaNs, double endedSojournNs, long inSystem, long nowNs)
    {
        long unfinished = 0, onTargets = 0;
        var openNs = 0.0;
        world.Flights.ForEach(slot =>
        {
            ref var flight = ref world.Flights[slot];
            for (var i = 0; i < Flight.Attempts; i++) onTargets += (flight.At(i).State == AttemptState.OnTarget ? 1 : 0) + (flight.At(i).HoldsBlocks ? 1 : 0);
            if (!flight.Arrived || flight.Done) return;
            unfinished++;
            openNs += nowNs - flight.Request.AtNs;
        });
        var m = world.Metrics;
        if (m.Arrived != m.Completed + unfinished + m.Rejected + m.Dropped || unfinished != inSystem)
            throw Broken("Requests", $"{m.Arrived} arrived, {m.Completed} completed, {unfinished} unfinished ({inSystem} counted), {m.Rejected} rejected, {m.Dropped} dropped");

        var sojournNs = m.SojournNs + endedSojournNs + openNs;
        if (Math.Abs(areaNs - sojournNs) > Rounding * Math.Max(1e9, areaNs)) throw Broken("Little's", FormattableString.Invariant($"L x T is {areaNs}, the sum of sojourns {sojournNs} ns"));

        var held = 0L;
        var lost = new List<int>();
        foreach (var target in world.Rack.Used)
        {
            lost.Clear();
            world.Rack[target]!.Crash(nowNs, lost);
            held += lost.Count;
            foreach (var slot in lost) if (world.Flights[slot].OnTarget(target) == Flight.Nobody && world.Flights[slot].HeldBy(target) == Flight.Nobody) throw Broken("Requests", $"target {target} holds a request that is not there");
            if (world.Rack[target]!.BlocksInUse != 0) throw Broken("KV blocks", $"target {target} is empty and has {world.Rack[target]!.BlocksInUse} in use");
        }
        if (held != onTargets) throw Broken("Requests", $"the engines hold {held}, {onTargets} were given to them and not taken back");
        return nowNs > 0 ? areaNs / nowNs : 0;
    }
}
