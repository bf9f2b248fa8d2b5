using InferMesh.Strategies;
using InferMesh.Strategies.PrefixCache;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

[TestClass]
public sealed class PrefixMeshTests
{
    private static readonly ulong[] Prompt = [.. Enumerable.Range(1, 100).Select(i => (ulong)i * 0x9E3779B97F4A7C15UL)];

    [TestMethod]
    public void Rank_PromptSentBefore_GoesBackThere()
    {
        var fleet = new Fleet(Equal(6));
        fleet.Strategy.Dispatched(fleet.Input(Prompt), 4);
        for (var seed = 0UL; seed < 20; seed++) Assert.AreEqual(4, fleet.Best(Prompt, seed));
        Assert.AreEqual(0.16 * (1 - 1600 / 1600.0), fleet.Strategy.Explain(fleet.Input(Prompt), 4).PrefillSeconds, 1e-12, "1,600 prompt tokens in 100 blocks: all cached");
        Assert.AreEqual(0.16, fleet.Strategy.Explain(fleet.Input(Prompt), 3).PrefillSeconds, 1e-12);
        Assert.AreEqual(0.12, fleet.Strategy.Explain(fleet.Input([.. Prompt[..25], 1, 2, 3]), 4).PrefillSeconds, 1e-12, "a quarter of it is cached");
    }

    [TestMethod]
    public void Rank_WarmTargetWithALongQueue_GoesElsewhere()
    {
        TargetRow[] rows = Equal(6);
        rows[4] = rows[4] with { Running = 64, Waiting = 60 };
        var fleet = new Fleet(rows);
        fleet.Strategy.Dispatched(fleet.Input(Prompt), 4);
        Assert.AreNotEqual(4, fleet.Best(Prompt));
    }

    [TestMethod]
    public void Rank_FirstTokenLaterThanTheGate_ForfeitsTheMatch()
    {
        TargetRow[] rows = Equal(2);
        rows[1] = rows[1] with { RttSeconds = 0.1 };
        var strict = new Fleet(rows, ("gate_seconds", 0), ("network_weight", 1));
        var loose = new Fleet(rows, ("gate_seconds", 0.2));
        ulong[] half = [.. Prompt[..50], .. Enumerable.Range(1, 50).Select(i => (ulong)i)];
        foreach (var fleet in (Fleet[])[strict, loose]) fleet.Strategy.Dispatched(fleet.Input(Prompt), 1);
        // 80 ms saved against 99 ms of round trip.
        Assert.AreEqual(0.16, strict.Strategy.Explain(strict.Input(half), 1).PrefillSeconds, 1e-12);
        Assert.AreEqual(0.08, loose.Strategy.Explain(loose.Input(half), 1).PrefillSeconds, 1e-12);
    }

    [TestMethod]
    public void Rank_WarmTargetFilteredOut_IsNotPicked()
    {
        var fleet = new Fleet(Equal(3));
        fleet.Strategy.Dispatched(fleet.Input(Prompt), 2);
        fleet.Filter[2] = FilterReason.NodeCordoned;
        Assert.AreNotEqual(2, fleet.Best(Prompt));
    }

    [TestMethod]
    public void Precise_EventsOfTheEngine_OverrideWhatWasSent()
    {
        var fleet = new Fleet(Equal(4), ("precise", 1));
        var events = (IKvEventStrategy)fleet.Strategy;
        Assert.IsTrue(events.WantsKvEvents);
        fleet.Best(Prompt);
        events.KvStored(fleet.Targets.Identity[2], 1, Prompt, KvTier.Gpu);
        Assert.AreEqual(2, fleet.Best(Prompt));
        events.KvRemoved(fleet.Targets.Identity[2], 2, Prompt.AsSpan(10), KvTier.Gpu);
        events.KvStored(fleet.Targets.Identity[1], 1, Prompt.AsSpan(0, 50), KvTier.Cpu);
        Assert.AreEqual(1, fleet.Best(Prompt));
        Assert.AreEqual(0.16 - 0.8 * 50 * 16 / 10_000, fleet.Strategy.Explain(fleet.Input(Prompt), 1).PrefillSeconds, 1e-12);
        Assert.IsFalse(events.KvStored(fleet.Targets.Identity[1], 9, [], KvTier.Gpu), "a gap");
        Assert.AreEqual(2, fleet.Best(Prompt));
        Assert.IsTrue(events.KvStored(Identity("stranger"), 1, Prompt, KvTier.Gpu));
    }

    [TestMethod]
    public void Approximate_EventsOfTheEngine_AreNotAskedFor() => Assert.IsFalse(((IKvEventStrategy)StrategyCatalog.Create("prefix_mesh")).WantsKvEvents);

    [TestMethod]
    public void Rank_TargetLeavesAndComesBack_HasForgotten()
    {
        var fleet = new Fleet(Equal(3));
        fleet.Strategy.Dispatched(fleet.Input(Prompt), 1);
        fleet.Targets = new(Model, Equal(1));
        fleet.Best(Prompt);
        fleet.Targets = new(Model, Equal(3));
        Assert.AreEqual(0.16, fleet.Strategy.Explain(fleet.Input(Prompt), 1).PrefillSeconds, 1e-12);
    }

    [TestMethod]
    public void Rank_MoreTargetsThanTheIndexHolds_KeepsTheLatest()
    {
        var fleet = new Fleet(Equal(PrefixIndex.MaxTargets + 10));
        for (var i = 0; i < fleet.Targets.Count; i++) fleet.Strategy.Dispatched(fleet.Input([(ulong)i + 1, .. Prompt[..20]]), i);
        Assert.AreEqual(4100, fleet.Best([4101UL, .. Prompt[..20]]));
        Assert.AreEqual(0.16, fleet.Strategy.Explain(fleet.Input([3UL, .. Prompt[..20]]), 2).PrefillSeconds, 1e-12);
        Assert.IsLessThan(0.16, fleet.Strategy.Explain(fleet.Input([12UL, .. Prompt[..20]]), 11).PrefillSeconds);
    }

    private sealed class Fleet(TargetRow[] rows, params (string Name, double Value)[] parameters)
    {
        public ILearningStrategy Strategy { get; } = (ILearningStrategy)StrategyCatalog.Create("prefix_mesh", parameters.ToDictionary(p => p.Name, p => p.Value));

        public TargetSet Targets { get; set; } = new(Model, rows);

        public FilterReason[] Filter { get; } = new FilterReason[rows.Length];

        public RankingInput Input(ulong[] prefix, ulong seed = 0) =>
            new(Targets, Request() with { PromptTokens = 1600, OutputTokens = 10, Prefix = prefix }, Filter.AsSpan(0, Targets.Count), NowTicks, 0, seed);

        public int Best(ulong[] prefix, ulong seed = 0)
        {
            var best = new RankedTarget[1];
            Assert.AreEqual(1, Strategy.Rank(Input(prefix, seed), best));
            return best[0].Target;
        }
    }
}
