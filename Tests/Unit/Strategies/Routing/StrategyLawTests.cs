using CsCheck;
using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

/// <summary>Degenerate inputs and laws, for every strategy of the catalogue.</summary>
[TestClass]
public sealed class StrategyLawTests
{
    private static readonly TargetRow Unknown = Row("x") with
    {
        Running = double.NaN,
        Waiting = double.NaN,
        KvCacheUsage = double.NaN,
        MaxConcurrency = double.NaN,
        PrefillTokensPerSecond = double.NaN,
        DecodeTokensPerSecond = double.NaN,
        MinSecondsPerToken = double.NaN,
        RttSeconds = double.NaN,
        PricePerHour = double.NaN,
        SampledAtTicks = 0,
    };

    public static IEnumerable<object[]> All => Tables.Strategies;

    public static IEnumerable<object[]> LoadAware => StrategyCatalog.All.Where(s => s.Name is not ("baseline_rr" or "power_of_two")).Select(s => new object[] { s.Name });

    public static IEnumerable<object[]> MeshFamily => StrategyCatalog.All.Where(s => s.Name.Contains("mesh", StringComparison.Ordinal)).Select(s => new object[] { s.Name });

    [TestMethod, DynamicData(nameof(All))]
    public void Rank_NobodyAtAll_PicksNobody(string name)
    {
        var best = new RankedTarget[3];
        Assert.AreEqual(0, StrategyCatalog.Create(name).Rank(new(new(Model, []), Request(), [], NowTicks, 0, 0), best));
    }

    [TestMethod, DynamicData(nameof(All))]
    public void Rank_AllFilteredButOne_PicksThatOne(string name)
    {
        var filter = new FilterReason[300];
        Array.Fill(filter, FilterReason.NodeDraining);
        var targets = new TargetSet(Model, Equal(300));
        var best = new RankedTarget[3];
        for (var seed = 0UL; seed < 20; seed++) Assert.AreEqual(0, StrategyCatalog.Create(name).Rank(new(targets, Request(), filter, NowTicks, seed, seed), best));
        filter[217] = FilterReason.None;
        for (var seed = 0UL; seed < 20; seed++)
        {
            Assert.AreEqual(1, StrategyCatalog.Create(name).Rank(new(targets, Request(), filter, NowTicks, seed, seed), best));
            Assert.AreEqual(217, best[0].Target);
        }
    }

    [TestMethod, DynamicData(nameof(All))]
    public void Decide_OneTargetOfWhichNothingIsKnown_PicksIt(string name)
    {
        var decision = Decide(Table([Unknown]), name);
        Assert.AreEqual("x", decision.First());
        Assert.IsTrue(double.IsFinite(decision.Choices[0].Score) && double.IsFinite(decision.Choices[0].Terms.TotalSeconds));
    }

    [TestMethod, DynamicData(nameof(All))]
    public void Decide_AllOverloaded_SaysSo(string name) =>
        Assert.AreEqual(DecisionOutcome.Overloaded, Decide(Table(Equal(5).Select(r => r with { Running = 64, Waiting = 1000 })), name).Outcome);

    [TestMethod, DynamicData(nameof(All))]
    public void Decide_AllEqual_SpreadsOverTheSeeds(string name)
    {
        var table = Table(Equal(8));
        var strategy = StrategyCatalog.Create(name);
        var counts = Enumerable.Range(0, 4000).Select(i => DecisionKernel.Decide(table, Request(1), NowTicks, (ulong)i, (ulong)i, strategy: strategy).First()).CountBy(n => n).ToDictionary();
        Assert.HasCount(8, counts);
        Assert.IsTrue(counts.Values.All(c => c is > 400 and < 600), string.Join(' ', counts.Values));
    }

    [TestMethod, DynamicData(nameof(LoadAware))]
    public void Decide_MoreLoadAllElseEqual_NeverRanksBetter(string name) =>
        Gen.Select(Gen.Double[0, 120].Array[6], Gen.Double[0.1, 60], Gen.Int[0, 5], Gen.Int[0, 4], Gen.ULong).Sample((loads, more, which, kind, seed) =>
        {
            TargetRow[] rows = [.. loads.Select((load, i) => Row($"n{i}") with
            {
                Running = Math.Min(load, 64), Waiting = Math.Max(0, load - 64), MinSecondsPerToken = 0.01 * (1 + (kind + i) % 3), SampledAtTicks = Before(0.5 * (i % 3 + 1)),
            })];
            var strategy = Trained(name, rows);
            var before = Rank(rows);
            rows[which] = rows[which] with { Running = Math.Min(64, loads[which] + more), Waiting = Math.Max(0, loads[which] + more - 64) };
            var after = Rank(rows);
            Assert.IsGreaterThanOrEqualTo(Array.FindIndex(before, b => b.Target == which), Array.FindIndex(after, b => b.Target == which));
            Assert.IsGreaterThanOrEqualTo(before.Single(b => b.Target == which).Score, after.Single(b => b.Target == which).Score);

            RankedTarget[] Rank(TargetRow[] table)
            {
                var best = new RankedTarget[6];
                Assert.AreEqual(6, strategy.Rank(new(new(Model, table), Request(), new FilterReason[6], NowTicks, 0, seed), best));
                return best;
            }
        }, iter: 150);

    [TestMethod, DynamicData(nameof(MeshFamily))]
    public void Explain_MeshFamily_IsWhatItRanksBy(string name)
    {
        TargetRow[] rows = [.. Enumerable.Range(0, 12).Select(i => Row($"n{i:00}") with { Running = i * 9, Waiting = i, RttSeconds = 0.01 * i, SampledAtTicks = Before(i) })];
        var strategy = Trained(name, rows);
        var input = new RankingInput(new(Model, rows), Request() with { Prefix = Prefix }, new FilterReason[12], NowTicks, 3, 99);
        var best = new RankedTarget[12];
        Assert.AreEqual(12, strategy.Rank(input, best));
        foreach (var pick in best) Assert.AreEqual(pick.Score, strategy.Explain(input, pick.Target).TotalSeconds, 1e-12);
    }

    [TestMethod, DynamicData(nameof(MeshFamily))]
    public void Burst_OnReadingsOfOneSecond_SpreadsEvenly(string name)
    {
        TargetRow[] rows = [.. Equal(8).Select(r => r with { MaxConcurrency = 256, SampledAtTicks = Before(1) })];
        var table = Table(rows);
        var strategy = StrategyCatalog.Create(name);
        var counts = new int[8];
        var filter = new FilterReason[8];
        for (var i = 0; i < 1000; i++)
        {
            // Every prompt starts alike: affinity may not herd either.
            var request = Request(1) with { Prefix = Prefix };
            var choice = DecisionKernel.Decide(table, request, NowTicks, (ulong)i, (ulong)i, strategy: strategy).Choices[0];
            var target = Array.FindIndex(table.Models[Model].Identity, t => t.NodeId == choice.Identity.NodeId);
            (strategy as ILearningStrategy)?.Dispatched(new(table.Models[Model], request, filter, NowTicks, (ulong)i, (ulong)i), target);
            choice.Local.Dispatch(NowTicks, choice.Terms.PrefillSeconds);
            counts[target]++;
        }
        Assert.IsLessThanOrEqualTo(1.3, counts.Max() / 125.0, string.Join(' ', counts));
    }

    private static ReadOnlyMemory<ulong> Prefix { get; } = Enumerable.Range(1, 25).Select(i => (ulong)i * 0x9E3779B97F4A7C15UL).ToArray();

    /// <summary>A strategy that has seen some answers, if it learns.</summary>
    private static IRoutingStrategy Trained(string name, TargetRow[] rows)
    {
        var strategy = StrategyCatalog.Create(name);
        if (strategy is not ILearningStrategy learning) return strategy;
        var targets = new TargetSet(Model, rows);
        var input = new RankingInput(targets, Request() with { Prefix = Prefix }, new FilterReason[rows.Length], NowTicks, 0, 0);
        for (var i = 0; i < 120; i++)
        {
            var target = i * 5 % rows.Length;
            learning.Dispatched(input, target);
            learning.Completed(new(targets.Identity[target], 500, 200, 2, i % 70, 0.1 * (1 + i % 5), 2 + i % 7, true, NowTicks - i, Prefix));
        }
        return strategy;
    }
}
