using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

[TestClass]
public sealed class MeshTests
{
    [TestMethod]
    public void Rank_AllElseEqual_PrefersTheIdle() => Assert.AreEqual("idle", Decide(Table([Row("busy") with { Running = 30 }, Row("idle")])).First());

    [TestMethod]
    public void Rank_AllElseEqual_PrefersTheNear() => Assert.AreEqual("near", Decide(Table([Row("far") with { RttSeconds = 0.08 }, Row("near")])).First());

    [TestMethod]
    public void Rank_AllElseEqual_PrefersFasterPrefill() => Assert.AreEqual("fast", Decide(Table([Row("slow") with { PrefillTokensPerSecond = 1_000 }, Row("fast")])).First());

    [TestMethod]
    public void Rank_AllElseEqual_PrefersFasterDecode() => Assert.AreEqual("fast", Decide(Table([Row("slow") with { MinSecondsPerToken = 0.05 }, Row("fast")])).First());

    [TestMethod]
    public void Rank_AllElseEqual_PrefersTheResident() => Assert.AreEqual("warm", Decide(Table([Row("cold") with { ColdStartSeconds = 20 }, Row("warm")])).First());

    [TestMethod]
    public void Rank_AllElseEqual_PrefersTheFresherReading() => Assert.AreEqual("fresh", Decide(Table([Row("stale") with { SampledAtTicks = Before(2) }, Row("fresh")])).First());

    [TestMethod]
    public void Rank_BusyFastGpuOrIdleSlowOne_TakesWhicheverIsSooner()
    {
        TargetRow Fast(double running) => Row("fast") with { Running = running, PrefillTokensPerSecond = 30_000, DecodeTokensPerSecond = 3_000, MinSecondsPerToken = 0.008 };
        var slow = Row("slow") with { PrefillTokensPerSecond = 4_000, DecodeTokensPerSecond = 1_000, MinSecondsPerToken = 0.024 };
        Assert.AreEqual("fast", Decide(Table([Fast(20), slow])).First());
        Assert.AreEqual("slow", Decide(Table([Fast(127), slow])).First());
    }

    [TestMethod]
    public void Rank_ColdAndUnknownHowLong_IsLastWhateverTheWeight()
    {
        var table = Table([Row("never") with { ColdStartSeconds = double.NaN }, Row("busy") with { Running = 100 }]);
        Assert.AreEqual("busy", Try(table, ("cold_start_weight", 0)).First());
        Assert.AreEqual("busy", Try(table).First());
    }

    [TestMethod]
    public void Rank_NetworkWeightZero_IgnoresDistance()
    {
        var table = Table([Row("far") with { RttSeconds = 5 }, Row("near") with { Running = 5 }]);
        Assert.AreEqual("near", Try(table).First());
        Assert.AreEqual("far", Try(table, ("network_weight", 0)).First());
    }

    [TestMethod]
    public void Rank_MoneyAtARate_PrefersTheCheap()
    {
        var table = Table([Row("cheap") with { PricePerHour = 1, MinSecondsPerToken = 0.0105 }, Row("dear") with { PricePerHour = 10 }]);
        Assert.AreEqual("dear", Try(table).First());
        Assert.AreEqual("cheap", Try(table, ("seconds_per_dollar", 1e5)).First());
    }

    [TestMethod]
    public void Rank_ColdStartWeightZero_IgnoresLoading()
    {
        var table = Table([Row("cold") with { ColdStartSeconds = 30 }, Row("warm") with { Running = 30 }]);
        Assert.AreEqual("warm", Try(table).First());
        Assert.AreEqual("cold", Try(table, ("cold_start_weight", 0)).First());
    }

    [TestMethod]
    public void Rank_ZoneOfTheCallerWithoutMeasurement_PrefersTheSameZone()
    {
        var table = Table([Row("here", "a") with { RttSeconds = double.NaN }, Row("there", "b") with { RttSeconds = double.NaN }]);
        Assert.AreEqual("here", Decide(table, request: Request() with { Origin = new("a", "region") }).First());
        Assert.AreEqual("there", Decide(table, request: Request() with { Origin = new("b", "region") }).First());
    }

    private static Decision Try(RoutingTable table, params (string Name, double Value)[] parameters) => DecisionKernel.Decide(
        table, Request(), NowTicks, 0, 0, strategy: StrategyCatalog.Create("mesh", parameters.ToDictionary(p => p.Name, p => p.Value)));
}
