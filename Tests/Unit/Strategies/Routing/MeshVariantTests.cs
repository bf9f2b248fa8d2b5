using InferMesh.Strategies;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

/// <summary>What each variant of the mesh does that the mesh does not.</summary>
[TestClass]
public sealed class MeshVariantTests
{
    [TestMethod]
    public void MeshHedge_LateAnswers_MoveTheDelayToTheirQuantile()
    {
        var strategy = (ILearningStrategy)StrategyCatalog.Create("mesh_hedge");
        TargetRow[] rows = [Row("a") with { RttSeconds = 0.2 }, Row("b") with { RttSeconds = 0.3 }];
        var table = Table(rows);
        var before = Hedge();
        Assert.AreEqual(2 * 0.25, before.Delay.TotalSeconds, 0.01, "twice the expected TTFT of 50 ms prefill and 200 ms round trip before the first answer");

        strategy.Dispatched(new(table.Models[Model], Request(), new FilterReason[2], NowTicks, 0, 0), 0);
        // One answer in ten takes five times as long as expected, the others what was expected: the 95th percentile is five.
        for (var i = 0; i < 3000; i++) strategy.Completed(new(rows[0].Identity, 500, 200, 1, 0, i % 10 == 0 ? 1.25 : 0.25, 3, true, NowTicks, default));
        Assert.AreEqual(5 * 0.25, Hedge().Delay.TotalSeconds, 0.25);

        HedgePlan Hedge() => DecisionKernel.Decide(table, Request(2), NowTicks, 0, 0, strategy: strategy).Hedge;
    }

    [TestMethod]
    public void MeshHedge_IsTheOnlyStrategyThatHedgesOfItsOwnAccord() =>
        CollectionAssert.AreEqual(new[] { "mesh_hedge" }, StrategyCatalog.All.Where(s => s.Hedges).Select(s => s.Name).ToArray());

    [TestMethod]
    public void MeshStale_SilentTargetThatLookedIdle_LosesToAFreshOneThatIsLessThanHalfBusy()
    {
        var table = Table([Row("silent") with { SampledAtTicks = Before(10) }, Row("fresh") with { Running = 20 }]);
        Assert.AreEqual("silent", Decide(table, "mesh").First());
        Assert.AreEqual("fresh", Decide(table, "mesh_stale").First());
        Assert.AreEqual("silent", Decide(Table([Row("silent") with { SampledAtTicks = Before(10) }, Row("fresh") with { Running = 60 }]), "mesh_stale").First());
    }

    [TestMethod]
    public void MeshStale_AllSilent_GoesByOwnCountersAndCapacity()
    {
        TargetRow[] rows = [.. Equal(3).Select((r, i) => r with { SampledAtTicks = Before(30), Running = 50 - 25 * i })];
        rows[1].Local.Dispatch(NowTicks, 0.01);
        rows[2].Local.Dispatch(NowTicks, 0.01);
        rows[2].Local.Dispatch(NowTicks, 0.01);
        CollectionAssert.AreEqual(new[] { "n000", "n001", "n002" }, Decide(Table(rows), "mesh_stale").Nodes());
    }

    [TestMethod]
    public void AdaptiveMesh_UnderPressure_PrefersTheEmptierOverTheNearer()
    {
        // 8 ms nearer, but busier: worth it in a calm fleet, not in a full one.
        TargetRow[] Pair(double near, double far) => [Row("near") with { Running = near, RttSeconds = 0.001 }, Row("far") with { Running = far, RttSeconds = 0.301 }];
        Assert.AreEqual("near", Alone(Table(Pair(4, 2)), "adaptive_mesh"));
        Assert.AreEqual("near", Alone(Table(Pair(48, 46)), "mesh"));
        Assert.AreEqual("near", Alone(Table(Pair(50, 48)), "adaptive_mesh"));
        Assert.AreEqual("far", Alone(Table(Pair(58, 54)), "adaptive_mesh"));
        Assert.AreEqual("near", Alone(Table(Pair(58, 54)), "mesh"));

        // What others lose is left out: it would prefer the emptier on its own.
        static string Alone(RoutingTable table, string name) =>
            DecisionKernel.Decide(table, Request(), NowTicks, 0, 0, strategy: StrategyCatalog.Create(name, new Dictionary<string, double> { ["throughput_weight"] = 0 })).First();
    }

    [TestMethod]
    public void PredictiveMesh_RisingAndFallingTargetsWithEqualReadings_PrefersTheFalling()
    {
        var strategy = (ILearningStrategy)StrategyCatalog.Create("predictive_mesh");
        TargetSet At(double seconds, double rising, double falling) => new(Model,
        [
            Row("rising") with { Running = rising, SampledAtTicks = Before(20 - seconds) },
            Row("falling") with { Running = falling, SampledAtTicks = Before(20 - seconds) },
        ]);
        for (var s = 0; s <= 18; s++)
        {
            var (up, down) = (2.0 * s, 72 - 2.0 * s);
            strategy.Dispatched(new(At(s, up, down), Request(), new FilterReason[2], Before(20 - s), 0, 0), s % 2);
        }
        var now = At(18, 36, 36);
        var best = new RankedTarget[2];
        strategy.Rank(new(now, Request(), new FilterReason[2], NowTicks, 0, 0), best);
        Assert.AreEqual("falling", now.Identity[best[0].Target].NodeId);
        // The trend of two requests a second is followed over the two seconds since the reading.
        Assert.AreEqual(200 * (0.01 + 0.35e-3 * 32), strategy.Explain(new(now, Request(), new FilterReason[2], NowTicks, 0, 0), best[0].Target).DecodeSeconds, 0.15);
    }

    [TestMethod]
    public void HybridMesh_AtAnExchangeRate_PrefersTheCheap()
    {
        var table = Table([Row("cheap") with { PricePerHour = 1, MinSecondsPerToken = 0.0105 }, Row("dear") with { PricePerHour = 30 }]);
        Assert.AreEqual("cheap", Decide(table, "hybrid_mesh").First(), "100 s per dollar unless set");
        var free = StrategyCatalog.Create("hybrid_mesh", new Dictionary<string, double> { ["seconds_per_dollar"] = 0 });
        Assert.AreEqual("dear", DecisionKernel.Decide(table, Request(), NowTicks, 0, 0, strategy: free).First());
    }

    [TestMethod]
    public void MlEnhancedMesh_BeforeItsFirstAnswers_IsTheMesh()
    {
        var table = Table(Enumerable.Range(0, 20).Select(i => Row($"n{i:00}") with { Running = i * 13 % 64, RttSeconds = 0.001 * (i % 5) }));
        CollectionAssert.AreEqual(Decide(table, "mesh", Request(16)).Choices.ToArray(), Decide(table, "ml_enhanced_mesh", Request(16)).Choices.ToArray());
    }

    [TestMethod]
    public void AdaptiveMesh_DispatchWithoutVerdicts_StillFeelsThePressure()
    {
        var strategy = (ILearningStrategy)StrategyCatalog.Create("adaptive_mesh", new Dictionary<string, double> { ["smoothing_seconds"] = 0, ["throughput_weight"] = 0 });
        var targets = new TargetSet(Model, [Row("a") with { Running = 48 }, Row("b") with { Running = 16 }, Row("c") with { Running = 64, Standing = FilterReason.NodeCordoned }]);
        strategy.Dispatched(new(targets, Request(), default, NowTicks, 0, 0), 0);
        // Half full: p^2 / 2 of the service at three quarters, of which the cordoned one is no part.
        var terms = strategy.Explain(new(targets, Request(), default, NowTicks, 0, 0), 0);
        Assert.AreEqual(0.5 * 0.25 * 0.75 * (terms.PrefillSeconds + terms.DecodeSeconds), terms.BalanceSeconds, 1e-9);
    }
}
