using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

/// <summary>What holds for every strategy that learns.</summary>
[TestClass, DoNotParallelize]
public sealed class LearningLawTests
{
    public static IEnumerable<object[]> Learning => StrategyCatalog.All.Where(s => StrategyCatalog.Create(s.Name) is ILearningStrategy).Select(s => new object[] { s.Name });

    [TestMethod]
    [DataRow("hybrid_mesh")]
    [DataRow("ml_enhanced_mesh")]
    public void Completed_OneTargetThreeTimesSlowerThanItsProfile_GetsLessTraffic(string strategy)
    {
        static double Slow(string node) => node == "n001" ? 3 : 1;
        var learning = new LearningFleet(StrategyCatalog.Create(strategy), Equal(4), Slow, perSecond: 55);
        learning.Send(600);
        var after = learning.Send(600);
        var others = after.Where(c => c.Key != "n001").Average(c => c.Value);
        Assert.IsLessThan(0.6 * others, after["n001"], $"{after["n001"]} against {others}");
        Assert.IsGreaterThan(0, after["n001"], "it must be asked now and then, or nobody learns that it has recovered");
    }

    [TestMethod]
    [DataRow("hybrid_mesh")]
    [DataRow("ml_enhanced_mesh")]
    public void Completed_SlowTargetRecovers_GetsItsShareBack(string strategy)
    {
        var slowness = 3.0;
        var fleet = new LearningFleet(strategy, Equal(4), node => node == "n001" ? slowness : 1);
        fleet.Send(800);
        slowness = 1;
        fleet.Send(4000);
        var after = fleet.Send(800);
        Assert.IsGreaterThan(0.8 * after.Where(c => c.Key != "n001").Average(c => c.Value), after["n001"]);
    }

    [TestMethod]
    public void Completed_OneGpuTypeSlowerThanItsProfile_IsLearnedForTargetsWithoutAnswers()
    {
        static TargetRow Of(string node, string gpu) => Row(node) with { Identity = Identity(node) with { Gpu = gpu } };
        var strategy = StrategyCatalog.Create("hybrid_mesh");
        TargetRow[] rows = [Of("a1", "A100"), Of("a2", "A100"), Of("h1", "H100"), Of("h2", "H100")];
        var fleet = new LearningFleet(strategy, rows, node => node.StartsWith('a') ? 3 : 1);
        fleet.Send(600);
        // Two new targets that never answered: only their type speaks for them.
        var table = new TargetSet(Model, [.. rows, Of("a9", "A100"), Of("h9", "H100")]);
        var input = new RankingInput(table, Request(), new FilterReason[6], NowTicks, 0, 0);
        var (a, h) = (Array.FindIndex(table.Identity, t => t.NodeId == "a9"), Array.FindIndex(table.Identity, t => t.NodeId == "h9"));
        Assert.IsGreaterThan(1.3 * strategy.Explain(input, h).DecodeSeconds, strategy.Explain(input, a).DecodeSeconds);
    }

    [TestMethod]
    public void Completed_FailingTarget_IsLeftAlone()
    {
        var fleet = new LearningFleet("hybrid_mesh", Equal(4), _ => 1);
        fleet.Send(400, succeeds: node => node != "n002");
        var after = fleet.Send(400, succeeds: node => node != "n002");
        Assert.IsLessThan(0.5 * after["n001"], after["n002"]);
    }

    [TestMethod, DynamicData(nameof(Learning))]
    public void Completed_SameOutcomes_GiveTheSamePicks(string strategy)
    {
        static double Slow(string node) => node is "n001" or "n004" ? 2.5 : 1;
        var (a, b) = (new LearningFleet(strategy, Equal(6), Slow), new LearningFleet(strategy, Equal(6), Slow));
        for (var i = 0; i < 5; i++) CollectionAssert.AreEqual(a.Send(150).ToArray(), b.Send(150).ToArray());
    }

    [TestMethod, DynamicData(nameof(Learning))]
    public void Completed_NoFeedbackAtAll_StillSpreads(string strategy)
    {
        var counts = new LearningFleet(strategy, Equal(4), _ => 1).Send(800, answer: false);
        Assert.IsLessThanOrEqualTo(1.3 * 200, counts.Values.Max());
    }

    [TestMethod, DynamicData(nameof(Learning))]
    public void Completed_NonsenseOutcomes_NeverMakeAScoreThatIsNoNumber(string strategy)
    {
        double[] numbers = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1, 0, 1e-300, 1e300, 0.5];
        var learning = (ILearningStrategy)StrategyCatalog.Create(strategy);
        var targets = new TargetSet(Model, [.. Equal(3), Row("odd") with { MaxConcurrency = 1, PrefillTokensPerSecond = 1e300, DecodeTokensPerSecond = 1e-300, RttSeconds = 1e300 }]);
        var input = new RankingInput(targets, Request(), new FilterReason[4], NowTicks, 0, 7);
        Span<RankedTarget> best = stackalloc RankedTarget[4];
        for (var i = 0; i < 4000; i++)
        {
            learning.Dispatched(input, i % 4);
            learning.Completed(new(
                targets.Identity[i % 4], i % 3 == 0 ? int.MaxValue : i % 7 - 3, i % 5 == 0 ? int.MaxValue : i % 11 - 5, numbers[i % 8], numbers[i / 8 % 8], numbers[i / 64 % 8],
                numbers[i / 512 % 8], i % 13 != 0, i % 17 == 0 ? 0 : NowTicks - i, default));
        }
        Assert.AreEqual(4, learning.Rank(input, best));
        foreach (var pick in best)
        {
            Assert.IsTrue(double.IsFinite(pick.Score), $"{pick}");
            Assert.AreEqual(pick.Score, learning.Explain(input, pick.Target).TotalSeconds, 1e-9 * pick.Score);
        }
    }

    [TestMethod, DynamicData(nameof(Learning))]
    public void Completed_TargetOfNoTable_IsForgotten(string strategy)
    {
        var fleet = new LearningFleet(strategy, Equal(4), _ => 1);
        fleet.Send(100);
        // All but one leave the table while their answers are still under way; strangers answer too.
        fleet.Targets = new(Model, [Row("n001"), Row("n009")]);
        fleet.Send(200);
        ((ILearningStrategy)fleet.Strategy).Completed(new(Identity("stranger"), 1, 1, 1, 1, 1, 1, true, NowTicks, default));
        fleet.Targets = new(Model, []);
        Assert.IsEmpty(fleet.Send(10));
        fleet.Targets = new(Model, Equal(4));
        Assert.AreEqual(200, fleet.Send(200).Values.Sum());
    }

    [TestMethod, DynamicData(nameof(Learning))]
    public void DispatchedAndCompleted_SteadyState_AllocateNothing(string strategy)
    {
        var learning = (ILearningStrategy)StrategyCatalog.Create(strategy);
        var targets = new TargetSet(Model, Equal(50));
        var request = Request() with { Prefix = Enumerable.Range(1, 30).Select(i => (ulong)i * 7919).ToArray() };
        Run(500);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(500);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run(int times)
        {
            Span<FilterReason> filter = stackalloc FilterReason[targets.Count];
            Span<RankedTarget> best = stackalloc RankedTarget[3];
            for (var i = 0; i < times; i++)
            {
                var input = new RankingInput(targets, request, filter, NowTicks, (ulong)i, (ulong)i);
                learning.Rank(input, best);
                learning.Explain(input, best[0].Target);
                learning.Dispatched(input, i % 50);
                learning.Completed(new(targets.Identity[i % 50], 500, 200, 2, 3, 0.1, 2, true, NowTicks, request.Prefix));
            }
        }
    }

    [TestMethod, DynamicData(nameof(Learning))]
    public void ManyThreads_RankingAndLearning_NeverBreak(string strategy)
    {
        var learning = (ILearningStrategy)StrategyCatalog.Create(strategy);
        TargetSet[] tables = [new(Model, Equal(20)), new(Model, Equal(30)), new("other", Equal(10))];
        var request = Request() with { Prefix = Enumerable.Range(1, 30).Select(i => (ulong)i * 7919).ToArray() };
        Parallel.For(0, 8, worker =>
        {
            Span<RankedTarget> best = stackalloc RankedTarget[3];
            for (var i = 0; i < 400; i++)
            {
                var targets = tables[(i / 50 + worker) % 3];
                var input = new RankingInput(targets, request, new FilterReason[targets.Count], NowTicks + i, (ulong)i, (ulong)i);
                Assert.AreEqual(3, learning.Rank(input, best));
                foreach (var pick in best) Assert.IsTrue(double.IsFinite(pick.Score));
                learning.Dispatched(input, best[0].Target);
                learning.Completed(new(targets.Identity[best[0].Target], 500, 200, 2, 3, 0.1, 2, true, NowTicks + i, request.Prefix));
            }
        });
    }
}
