using CsCheck;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Scoring;

[TestClass]
public sealed class CostModelTests
{
    [TestMethod]
    public void Price_IdleTarget_IsPrefillPlusSoloDecodePlusNetwork()
    {
        var terms = Price(Row("a"), Request() with { PayloadBytes = 1_250_000, Origin = new("b", "region") });
        Assert.AreEqual(0, terms.QueueSeconds);
        Assert.AreEqual(500 / 10_000.0, terms.PrefillSeconds, 1e-12);
        Assert.AreEqual(200 * 0.01, terms.DecodeSeconds, 1e-12);
        Assert.AreEqual(0.001 + 1_250_000 / 1.25e9, terms.NetworkSeconds, 1e-12);
        Assert.AreEqual(0, terms.ColdStartSeconds);
        Assert.AreEqual(0.02 * 0.1 * (0.05 + 2), terms.UncertaintySeconds, 1e-9);
    }

    [TestMethod]
    public void Price_GrowingBatch_DecodesLinearlyFromSoloToTheRateOfTheFullBatch()
    {
        Assert.AreEqual(200 * 64 / 2000.0, Price(Row("a") with { Running = 63 }).DecodeSeconds, 1e-9);
        Assert.AreEqual(200 * (0.01 + (64 / 2000.0 - 0.01) * 31 / 63), Price(Row("a") with { Running = 31 }).DecodeSeconds, 1e-9);
        var previous = 0.0;
        for (var running = 0; running < 64; running++)
        {
            var decode = Price(Row("a") with { Running = running }).DecodeSeconds;
            Assert.IsGreaterThan(previous, decode);
            previous = decode;
        }
        Assert.AreEqual(previous, Price(Row("a") with { Running = 100 }).DecodeSeconds, "beyond the batch requests wait, they do not slow it");
    }

    [TestMethod]
    public void Price_BeyondTheBatch_WaitsForAPlace()
    {
        Assert.AreEqual(0, Price(Row("a") with { Running = 63 }).QueueSeconds);
        var full = Price(Row("a") with { Running = 64 });
        Assert.AreEqual((full.PrefillSeconds + full.DecodeSeconds) / 64, full.QueueSeconds, 1e-9);
        Assert.AreEqual(33 * full.QueueSeconds, Price(Row("a") with { Running = 64, Waiting = 32 }).QueueSeconds, 1e-9);
    }

    [TestMethod]
    [DataRow(0.89, 10.0, 20.0, 64.0)]
    [DataRow(0.9, 10.0, 20.0, 20.0)]
    [DataRow(1.0, 0.0, 20.0, 64.0)]
    [DataRow(1.0, 10.0, 0.0, 64.0)]
    [DataRow(1.0, 10.0, 90.0, 64.0)]
    [DataRow(double.NaN, 10.0, 20.0, 64.0)]
    public void BatchSize_RequestsWaitForRoomInTheCache_IsWhatRuns(double kv, double waiting, double running, double batch) =>
        Assert.AreEqual(batch, new TargetSet(Model, [Row("a") with { KvCacheUsage = kv, Waiting = waiting, Running = running, MaxConcurrency = 64 }]).BatchSize(0));

    [TestMethod]
    public void Price_FullerCacheAllElseEqual_IsNeverCheaper() => Gen.Select(Gen.Double[0, 300], Gen.Double[0, 300], Gen.Int[1, 8_000], Gen.Int[1, 2_000], Gen.Double[0, 3]).Sample(static (running, waiting, prompt, output, weight) =>
    {
        double Total(double kv) => new CostModel { ThroughputWeight = weight }.Price(
            new RankingInput(new(Model, [Row("a") with { KvCacheUsage = kv, Waiting = waiting, Running = running, MaxConcurrency = 256 }]), Request() with { PromptTokens = prompt, OutputTokens = output }, [FilterReason.None], NowTicks, 0, 0), 0).TotalSeconds;
        Assert.IsGreaterThanOrEqualTo(Total(0.5) * (1 - 1e-9), Total(0.95));
    });

    [TestMethod]
    public void HoldUp_LittlePrefillInAnIdleStep_CostsNothing()
    {
        Assert.AreEqual(0, Externality.HoldUp(0.005, 0, 0.008));
        Assert.AreEqual(0.002, Externality.HoldUp(0.005, 0.005, 0.008), 1e-12, "the first prompt took most of the room");
        Assert.AreEqual(0.005, Externality.HoldUp(0.005, 0.1, 0.008), 1e-12);
    }

    [TestMethod]
    public void Price_PromptsOfThisRouter_WaitBehindThem()
    {
        var row = Row("a");
        var targets = new TargetSet(Model, [row]);
        row.Local.Dispatch(NowTicks, 2);
        var input = new RankingInput(targets, Request(), [FilterReason.None], NowTicks, 0, 0);
        Assert.AreEqual(2, new CostModel().Price(input, 0).QueueSeconds, 1e-9);
    }

    [TestMethod]
    public void Price_CapabilityUnknown_IsThatOfAModestGpu()
    {
        var terms = Price(Row("a") with { PrefillTokensPerSecond = double.NaN, DecodeTokensPerSecond = 0, MinSecondsPerToken = -1, MaxConcurrency = double.NaN, RttSeconds = double.NaN }, Request() with { OutputTokens = 0 });
        Assert.AreEqual(500 / CostModel.Fallback.PrefillTokensPerSecond, terms.PrefillSeconds, 1e-12);
        Assert.AreEqual(CostModel.Fallback.OutputTokens * CostModel.Fallback.MinSecondsPerToken, terms.DecodeSeconds, 1e-12);
        Assert.AreEqual(0.001, terms.NetworkSeconds, 1e-12);
    }

    [TestMethod]
    [DataRow("a", "region", 0.0005)]
    [DataRow("b", "region", 0.002)]
    [DataRow("b", "elsewhere", 0.06)]
    [DataRow("", "", 0.001)]
    public void Price_RoundTripNotMeasured_FollowsTheLabels(string zone, string region, double rtt) =>
        Assert.AreEqual(rtt, Price(Row("n", "a") with { RttSeconds = double.NaN }, Request() with { Origin = new(zone, region) }).NetworkSeconds, 1e-12);

    [TestMethod]
    public void Price_Money_IsTheShareOfTheGpuAtTheRate()
    {
        var terms = Price(Row("a") with { PricePerHour = 3.6 }, model: new() { SecondsPerDollar = 1000 });
        Assert.AreEqual(1000 * 0.001 * (0.05 + 200 / 2000.0), terms.MoneySeconds, 1e-12);
        Assert.AreEqual(0, Price(Row("a") with { PricePerHour = -5 }, model: new() { SecondsPerDollar = 1000 }).MoneySeconds);
    }

    [TestMethod]
    public void Price_OldOrMissingReading_IsUncertainUpToThirtySeconds()
    {
        double At(long ticks) => Price(Row("a") with { SampledAtTicks = ticks }).UncertaintySeconds;
        Assert.AreEqual(0, At(NowTicks + TimeSpan.TicksPerSecond), "a reading from the future is new");
        Assert.AreEqual(0.02 * 10 * 2.05, At(Before(10)), 1e-9);
        Assert.AreEqual(At(Before(30)), At(Before(3000)));
        Assert.AreEqual(At(Before(30)), At(0));
    }

    [TestMethod]
    public void Price_AbsurdRequest_StaysFiniteTermByTerm()
    {
        var row = Row("a") with { PrefillTokensPerSecond = double.Epsilon, DecodeTokensPerSecond = double.Epsilon, MinSecondsPerToken = double.MaxValue, ColdStartSeconds = double.MaxValue, RttSeconds = double.MaxValue, PricePerHour = double.MaxValue };
        var terms = Price(row, Request() with { PromptTokens = int.MaxValue, OutputTokens = int.MaxValue, PayloadBytes = long.MaxValue }, new() { SecondsPerDollar = 1e6 });
        Assert.IsTrue(double.IsFinite(terms.TotalSeconds));
        Assert.AreEqual(CostModel.MaxTermSeconds, terms.PrefillSeconds);
        Assert.AreEqual(0, terms.QueueSeconds, "nobody waits, however long the prefill");
        Assert.AreEqual(CostModel.MaxTermSeconds, Price(row with { Running = 64 }).QueueSeconds);
    }

    private static CostTerms Price(TargetRow row, RoutingRequest? request = null, CostModel? model = null) =>
        (model ?? new()).Price(new(new TargetSet(Model, [row]), request ?? Request(), [FilterReason.None], NowTicks, 0, 0), 0);
}
