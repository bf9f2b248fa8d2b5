using InferMesh.Simulator.Engine;
using InferMesh.Strategies;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Unit.Simulator.ReferenceCases;

/// <summary>The strategies of the catalogue, through the live kernel, over exponential servers: what is known of them in closed form.</summary>
[TestClass]
public sealed class BalancingCases
{
    private const int Many = 500;

    private static readonly Dictionary<string, string> NoLabels = [];

    private static readonly Lazy<Balanced> PowerOfTwo = new(() => Balance("power_of_two", Many, 0.9, 4_000_000));

    [TestMethod, TestProperty(ReferenceRow.Property, "pod2-w-0.9")]
    public void PowerOfTwo_ManyServers_StaysAsTheFixedPointSays() => ReferenceRow.Check("pod2-w-0.9", PowerOfTwo.Value.MeanSojourn);

    [TestMethod, TestProperty(ReferenceRow.Property, "pod2-tail-4")]
    public void PowerOfTwo_ManyServers_HasADoublyExponentialTail() => ReferenceRow.Check("pod2-tail-4", PowerOfTwo.Value.FourOrMore);

    [TestMethod, TestProperty(ReferenceRow.Property, "jsq2-w-0.8")]
    public void LeastQueue_TwoServers_StaysAsTheChainSays() => ReferenceRow.Check("jsq2-w-0.8", Balance("least_queue", 2, 0.8, 4_000_000).MeanSojourn);

    [TestMethod, TestProperty(ReferenceRow.Property, "rr-2-w")]
    public void RoundRobin_TwoServers_StaysAsErlangArrivalsSay() => ReferenceRow.Check("rr-2-w", Balance("baseline_rr", 2, 0.8, 4_000_000).MeanSojourn);

    private static Balanced Balance(string strategy, int servers, double load, int customers)
    {
        var start = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;
        var targets = new TargetSet("m", Enumerable.Range(0, servers).Select(s => new TargetRow
        {
            Identity = new($"n{s:0000}", "c", "z", "r", "d", "sim", $"n{s:0000}", "", true, NoLabels),
            Local = new(),
            Running = 0,
            Waiting = 0,
            KvCacheUsage = 0,
            MaxConcurrency = 1,
            RttSeconds = 0,
            SampledAtTicks = start,
        }));
        targets.Track();
        // Nothing is turned away: these laws are of queues without end.
        var policy = PolicySet.Defaults with { Strategy = StrategyCatalog.Create(strategy), Hedging = HedgeSettings.Default with { Enabled = false }, Admission = new(1e9, 1) };
        var request = new RoutingRequest { Model = "m", MaxTargets = 1 };
        var (queue, gaps, services) = (new EventQueue(), new RandomStream(1, 1), new RandomStream(1, 2));
        var lines = Enumerable.Range(0, servers).Select(_ => new Queue<long>()).ToArray();
        var best = new RankedTarget[1];
        var warm = customers / 10;
        double total = 0, four = 0, sampled = 0;
        var served = 0;
        queue.Add(Gap(), EventKind.NextArrival, 0);
        while (queue.TryTake(out var e) && served < customers)
        {
            if (e.Kind == EventKind.NextArrival)
            {
                queue.Add(e.AtNs + Gap(), EventKind.NextArrival, e.Index + 1);
                if (DecisionKernel.Pick(targets, request, policy, start, (ulong)e.Index, (ulong)e.Index, best).Outcome != DecisionOutcome.Routed) Assert.Fail("Not routed.");
                var line = lines[best[0].Target];
                line.Enqueue(e.AtNs);
                Book(best[0].Target, 1);
                if (line.Count == 1) Serve(best[0].Target, e.AtNs);
                if (e.Index % servers == 0 && served > warm)
                {
                    // Arrivals see time averages: one line each time is a fair sample.
                    four += lines.Count(l => l.Count >= 4);
                    sampled += servers;
                }
            }
            else
            {
                var arrived = lines[e.Index].Dequeue();
                Book(e.Index, -1);
                if (++served > warm) total += (e.AtNs - arrived) / 1e9;
                if (lines[e.Index].Count > 0) Serve(e.Index, e.AtNs);
            }
        }
        return new(total / (served - warm), sampled > 0 ? four / sampled : 0);

        long Gap() => (long)(gaps.NextExponential(1 / (load * servers)) * 1e9);

        void Serve(int server, long nowNs) => queue.Add(nowNs + (long)(services.NextExponential(1) * 1e9), EventKind.EngineWakes, server);

        void Book(int server, int change)
        {
            if (change > 0) targets.Local[server].Dispatch(start, 0);
            else targets.Local[server].Settle(start);
            targets.LocalChanged(server);
        }
    }

    private sealed record Balanced(double MeanSojourn, double FourOrMore);
}
