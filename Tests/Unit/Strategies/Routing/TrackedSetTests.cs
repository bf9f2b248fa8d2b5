using CsCheck;
using InferMesh.Strategies;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

/// <summary>A tracked set must answer as a scan of the same targets does, whatever happened to it on the way.</summary>
[TestClass, DoNotParallelize]
public sealed class TrackedSetTests
{
    private static readonly double[] Speeds = [5_000, 10_000, 10_000, double.NaN];

    public static IEnumerable<object[]> All => Tables.Strategies;

    [TestMethod, DynamicData(nameof(All))]
    public void Pick_AfterAnyHistory_EqualsAScan(string name) =>
        Gen.Select(Gen.Int[1, 2600], Gen.Int[0, 60], Gen.ULong, Gen.Int[1, 5]).Sample(
            (count, steps, seed, wanted) =>
            {
                var random = new Pcg(seed);
                var rows = Enumerable.Range(0, count).Select(i => Random(i, ref random)).ToArray();
                var targets = new TargetSet(Model, rows);
                targets.Track();
                var policy = PolicySet.Defaults with { Strategy = StrategyCatalog.Create(name) };
                // A rule that allows everything: with one in force, each target is judged anew.
                var scanning = policy with { Placements = [PlacementRule.Anywhere with { Nodes = [] }] };
                for (var step = 0; step <= steps; step++)
                {
                    Change(targets, ref random, NowTicks + step * 100_000);
                    var request = Request(wanted) with { PromptTokens = random.Next(4000), OutputTokens = random.Next(1500) };
                    CollectionAssert.AreEqual(Picks(targets, request, scanning, (ulong)step, seed), Picks(targets, request, policy, (ulong)step, seed), $"{count} targets, step {step}");
                }
            },
            iter: 60, threads: 1);

    [TestMethod, DynamicData(nameof(All))]
    public void Pick_OfALargeTrackedSet_AllocatesNothing(string name)
    {
        var targets = new TargetSet(Model, Equal(3000));
        // The first dispatch to a target makes its history.
        foreach (var local in targets.Local) local.Dispatch(NowTicks, 0);
        targets.Track();
        var policy = PolicySet.Defaults with { Strategy = StrategyCatalog.Create(name) };
        var request = Request();
        Run(300);
        // Of three stretches, one must be clean: the compiler may swap better code in during another, which allocates once.
        var least = long.MaxValue;
        for (var stretch = 0; stretch < 3 && least > 0; stretch++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Run(1000);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.AreEqual(0, least);

        void Run(int times)
        {
            Span<RankedTarget> best = stackalloc RankedTarget[3];
            for (var i = 0; i < times; i++)
            {
                DecisionKernel.Pick(targets, request, policy, NowTicks + i, (ulong)i, (ulong)i, best);
                targets.Local[best[0].Target].Dispatch(NowTicks + i, 0.001);
                targets.LocalChanged(best[0].Target);
                targets.Update(i % 3000, new(i % 7, 0, 0.1, NowTicks + i));
            }
        }
    }

    [TestMethod]
    public void Update_OfASetThatNobodyTracks_Throws() =>
        Assert.ThrowsExactly<InvalidOperationException>(() => new TargetSet(Model, Equal(2)).Update(0, new(1, 0, 0, NowTicks)));

    private static string[] Picks(TargetSet targets, RoutingRequest request, EffectivePolicy policy, ulong sequence, ulong seed)
    {
        var best = new RankedTarget[request.MaxTargets];
        var result = DecisionKernel.Pick(targets, request, policy, NowTicks + (long)sequence * 100_000, sequence, seed + sequence, best);
        return [$"{result.Outcome} {result.RetryAfter}", .. best.Take(result.Count).Select(b => $"{b.Target}: {b.Score:R}")];
    }

    private static void Change(TargetSet targets, ref Pcg random, long now)
    {
        for (var i = 0; i < 20; i++)
        {
            var target = random.Next(targets.Count);
            if (random.Next(8) == 0)
            {
                if (random.Next(2) == 0) targets.Hold(target);
                else targets.Release(target);
                continue;
            }
            if (random.Next(12) == 0)
            {
                targets.Refresh(random.Next(Math.Min(3, targets.Count)), now - random.Next(3_000_000));
                continue;
            }
            if (random.Next(2) == 0)
            {
                if (random.Next(3) > 0) targets.Local[target].Dispatch(now, random.Next(2000) / 10_000.0);
                else targets.Local[target].Settle(now);
                targets.LocalChanged(target);
                continue;
            }
            var standing = random.Next(5) == 0 ? FilterReason.NodeOffline : random.Next(9) == 0 ? FilterReason.NodeSuspect : FilterReason.None;
            targets.Update(target, new(random.Next(90), random.Next(60), random.Next(100) / 100.0, now - random.Next(random.Next(3) == 0 ? 40_000_000 : 1000), standing, random.Next(20) == 0 ? 5 : 0));
        }
    }

    private static TargetRow Random(int i, ref Pcg random) => Row($"n{i:0000}") with
    {
        Identity = Identity($"n{i:0000}") with { CellId = $"c{i % 3}" },
        MaxConcurrency = random.Next(4) == 0 ? double.NaN : 1 + random.Next(128),
        PrefillTokensPerSecond = Speeds[random.Next(Speeds.Length)],
        RttSeconds = random.Next(3) == 0 ? double.NaN : random.Next(4) / 1000.0,
        PricePerHour = random.Next(5),
        SampledAtTicks = random.Next(10) == 0 ? 0 : Before(random.Next(3)),
        Running = random.Next(3) == 0 ? 0 : random.Next(70),
    };

    private struct Pcg(ulong seed)
    {
        private ulong _state = seed;

        public int Next(int below) => (int)((TieBreakOf(++_state) >> 8) % (ulong)below);

        private static ulong TieBreakOf(ulong x) => InferMesh.Strategies.Scoring.TieBreak.Hash(x, 0);
    }
}
