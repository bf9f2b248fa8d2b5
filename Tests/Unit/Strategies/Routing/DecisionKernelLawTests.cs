using CsCheck;
using InferMesh.Strategies;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

/// <summary>What holds for every table and request.</summary>
[TestClass]
public sealed class DecisionKernelLawTests
{
    // Scores so close are equal, and equals are in the order of chance.
    private const double TieTolerance = 1e-10;

    private static readonly Gen<double> Number = Gen.OneOf(
        Gen.Double[0, 100], Gen.Const(double.NaN), Gen.Const(double.PositiveInfinity), Gen.Const(-1.0), Gen.Const(0.0), Gen.Const(1e300), Gen.Const(1e-300));

    private static readonly Gen<TargetRow> AnyRow =
        Gen.Select(Number.Array[10], Gen.Int[0, 7], Gen.Long[0, 20_000], Gen.Int[0, 3], Gen.Int[0, 2], static (n, standing, ageMs, dispatched, zone) =>
        {
            var local = new LocalLoad();
            for (var i = 0; i < dispatched; i++) local.Dispatch(Before(ageMs / 2000.0), 0.1);
            return Row("x", $"z{zone}", $"d{zone}") with
            {
                Local = local,
                Standing = standing < 7 - (int)FilterReason.RuntimeUnhealthy ? FilterReason.None : (FilterReason)(standing - 1),
                Running = n[0],
                Waiting = n[1],
                KvCacheUsage = n[2],
                MaxConcurrency = n[3],
                PrefillTokensPerSecond = n[4],
                DecodeTokensPerSecond = n[5],
                MinSecondsPerToken = n[6],
                RttSeconds = n[7],
                ColdStartSeconds = n[8],
                PricePerHour = n[9],
                SampledAtTicks = ageMs == 0 ? 0 : Before(ageMs / 1000.0),
            };
        });

    private static readonly Gen<(TargetRow[] Rows, RoutingRequest Request, string Strategy, ulong Sequence, ulong Seed)> Cases = Gen.Select(
        AnyRow.Array[0, 40],
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 100_000], Gen.Long[0, long.MaxValue], Gen.Int[1, 16], static (prompt, output, bytes, max) =>
            Request(max) with { PromptTokens = prompt, OutputTokens = output, PayloadBytes = bytes, Origin = new("z0", "region") }),
        Gen.OneOfConst([.. StrategyCatalog.All.Select(s => s.Name)]),
        Gen.ULong, Gen.ULong,
        static (rows, request, strategy, sequence, seed) => (
            rows.Select((r, i) => r with { Identity = Identity($"n{i}", r.Identity.Zone, r.Identity.FailureDomain) }).ToArray(), request, strategy, sequence, seed));

    [TestMethod]
    public void Decide_AnyTable_PicksEligibleTargetsInOrderOfTheirScore() => Cases.Sample(static c =>
    {
        var table = Table(c.Rows);
        var d = Decide(table, c.Strategy, c.Request, c.Sequence, c.Seed, explain: true);
        var out1 = d.Excluded.Select(e => e.Identity.NodeId).ToHashSet();
        Assert.AreEqual(c.Rows.Length, d.Eligible + d.Excluded.Count);
        Assert.HasCount(d.Outcome == DecisionOutcome.Routed ? Math.Min(c.Request.MaxTargets, d.Eligible) : 0, d.Choices);
        Assert.HasCount(d.Choices.Count, d.Nodes().Distinct());
        Assert.IsFalse(d.Nodes().Any(out1.Contains));
        for (var i = 0; i < d.Choices.Count; i++)
        {
            var choice = d.Choices[i];
            Assert.IsTrue(double.IsFinite(choice.Score) && double.IsFinite(choice.Load) && double.IsFinite(choice.LoadFactor) && double.IsFinite(choice.Terms.TotalSeconds), $"{choice}");
            Assert.IsTrue(choice.Terms is { QueueSeconds: >= 0, PrefillSeconds: >= 0, DecodeSeconds: >= 0, NetworkSeconds: >= 0, ColdStartSeconds: >= 0, MoneySeconds: >= 0, UncertaintySeconds: >= 0 });
            if (i > 0) Assert.IsGreaterThanOrEqualTo(d.Choices[i - 1].Score * (1 - TieTolerance) - double.Epsilon * (1 << 20), choice.Score);
        }
        if (d.Hedge.Verdict == HedgeVerdict.Planned)
        {
            Assert.AreNotEqual(d.Choices[0].Identity.FailureDomain, d.Choices[d.Hedge.Pick].Identity.FailureDomain);
            Assert.IsTrue(d.Hedge.Delay >= HedgeSettings.Default.MinDelay && d.Hedge.Delay <= HedgeSettings.Default.MaxDelay);
        }
        if (d.Outcome == DecisionOutcome.Overloaded) Assert.IsTrue(d.RetryAfter.TotalSeconds is >= 1 and <= 60);
    }, iter: 2000);

    [TestMethod]
    public void Decide_SameInput_GivesTheSameDecision() => Cases.Sample(static c =>
    {
        // Rows in another order are the same table: positions come from names, not from arrival.
        var a = Decide(Table(c.Rows), c.Strategy, c.Request, c.Sequence, c.Seed, explain: true);
        var b = Decide(Table(c.Rows.Reverse()), c.Strategy, c.Request, c.Sequence, c.Seed, explain: true);
        Assert.AreEqual((a.Outcome, a.Hedge, a.RetryAfter, a.Considered, a.Eligible), (b.Outcome, b.Hedge, b.RetryAfter, b.Considered, b.Eligible));
        CollectionAssert.AreEqual(a.Choices.ToArray(), b.Choices.ToArray());
        CollectionAssert.AreEqual(a.Excluded.ToArray(), b.Excluded.ToArray());
    }, iter: 1000);

    [TestMethod]
    public void Decide_FewerWanted_IsAPrefixOfMoreWanted() => Cases.Sample(static c =>
    {
        var many = Decide(Table(c.Rows), c.Strategy, c.Request with { MaxTargets = 16 }, c.Sequence, c.Seed).Nodes();
        var few = Decide(Table(c.Rows), c.Strategy, c.Request, c.Sequence, c.Seed).Nodes();
        CollectionAssert.AreEqual(many[..few.Length], few);
    }, iter: 1000);
}
