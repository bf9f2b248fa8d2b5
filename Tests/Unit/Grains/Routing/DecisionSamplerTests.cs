using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using InferMesh.Grains.Routing.Shadows;
using InferMesh.Strategies.Routing;
using InferMesh.Tests.Unit.Strategies;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Routing;

[TestClass]
[DoNotParallelize]
public sealed class DecisionSamplerTests
{
    [TestMethod]
    public void IsDue_OneOfThree_IsEveryThird()
    {
        var sampler = new DecisionSampler(Options.Create(new RoutingSettings { SampleEvery = 3 }));
        CollectionAssert.AreEqual(new[] { false, false, true, false, false, true }, Enumerable.Range(0, 6).Select(_ => sampler.IsDue()).ToArray());
        Assert.IsFalse(new DecisionSampler(Options.Create(new RoutingSettings { SampleEvery = 0 })).IsDue());
    }

    [TestMethod]
    public void Look_AtADecisionThatItsShadowWouldNotMake_CountsReasonsAndRegretAndLeavesThePickAlone()
    {
        using var seen = new Seen("InferMesh.Decisions");
        using var judge = Judge("least_queue");
        var sampler = new DecisionSampler(Options.Create(new RoutingSettings { SampleEvery = 1 }), judge);
        var table = Tables.Table([Tables.Row("a") with { Running = 64, Waiting = 40 }, Tables.Row("b"), Tables.Row("c") with { Standing = FilterReason.NodeCordoned }]);
        // The baseline takes the first in turn, however busy.
        var decision = Tables.Decide(table, "baseline_rr", explain: true);
        Assert.AreEqual("a", decision.First());

        var (looked, shadow) = sampler.Look(table, Tables.Request(), decision, Tables.NowTicks, 0, 0);
        // What happens between the decision and the end of the request is not what the shadow sees.
        for (var i = 0; i < 200; i++) decision.Choices[0].Local.Dispatch(Tables.NowTicks, 1);
        Assert.IsNotNull(shadow);
        judge.Judge(shadow);

        Assert.AreEqual("a", looked.First());
        Assert.IsEmpty(looked.Excluded, "as a decision that nobody looked at");
        Assert.AreEqual(1, seen["infermesh.decision.sampled"]);
        Assert.AreEqual(2, seen["infermesh.decision.candidates", ("reason", "none")]);
        Assert.AreEqual(1, seen["infermesh.decision.candidates", ("reason", "node_cordoned")]);
        Assert.AreEqual(1, seen["infermesh.decision.shadow", ("same", false)]);
        Assert.AreEqual(1, seen["infermesh.decision.shadow", ("better", "shadow")]);
        Assert.IsGreaterThan(0.5, seen["infermesh.decision.regret"]);
        Assert.AreEqual(0, seen["infermesh.decision.gain"]);
    }

    [TestMethod]
    public void Open_MoreThanAreKept_AreSkippedAndCounted()
    {
        using var seen = new Seen("InferMesh.Decisions");
        using var judge = Judge("least_queue");
        var table = Tables.Table([Tables.Row("a"), Tables.Row("b")]);
        var decision = Tables.Decide(table, "baseline_rr");
        ShadowCase? Open() => judge.Open(table.Models[Tables.Request().Model], Tables.Request(), decision, Tables.NowTicks, 0, 0);
        var open = Enumerable.Range(0, 300).Select(_ => Open()).OfType<ShadowCase>().ToArray();

        Assert.HasCount(256, open);
        Assert.AreEqual(300 - 256, seen["infermesh.decision.shadow_skipped"]);
        judge.Judge(open[0]);
        Assert.IsNotNull(Open(), "One is done.");
    }

    [TestMethod]
    [DataRow(OutcomeStatus.Success, "", 800.0, 0.8)]
    [DataRow(OutcomeStatus.Success, "a", 800.0, 0.8)]
    [DataRow(OutcomeStatus.Success, "b", 800.0, double.NaN, DisplayName = "another target answered")]
    [DataRow(OutcomeStatus.Success, "", 90_000.0, double.NaN, DisplayName = "longer than it can have taken")]
    [DataRow(OutcomeStatus.Error, "", 800.0, double.NaN, DisplayName = "failed")]
    public void Ended_TimeOfThePick_IsWhatWasObserved(OutcomeStatus status, string node, double milliseconds, double expected)
    {
        using var judge = Judge("least_queue");
        var table = Tables.Table([Tables.Row("a"), Tables.Row("b")]);
        var about = judge.Open(table.Models[Tables.Request().Model], Tables.Request(), Tables.Decide(table, "baseline_rr"), Tables.NowTicks, 0, 0)!;

        about.Ended(new() { DecisionId = "x", Status = status, NodeId = node, LatencyMs = milliseconds }, Tables.NowTicks + TimeSpan.TicksPerSecond);

        Assert.AreEqual(expected, about.ObservedSeconds);
    }

    [TestMethod]
    public void Open_LargeFleet_HoldsNoMoreThanSoManyTargets()
    {
        using var judge = Judge("least_queue");
        var table = Tables.Table(Enumerable.Range(0, 5_000).Select(i => Tables.Row($"n{i}")));
        var decision = Tables.Decide(table, "baseline_rr");
        ShadowCase? Open() => judge.Open(table.Models[Tables.Model], Tables.Request(), decision, Tables.NowTicks, 0, 0);
        var open = Enumerable.Range(0, 200).Select(_ => Open()).OfType<ShadowCase>().ToArray();
        Assert.HasCount(100, open);
        foreach (var about in open) judge.Judge(about);
        Assert.IsNotNull(Open());
    }

    [TestMethod]
    public void Open_DecisionOfAFallback_IsNotComparedUnderThePluginsName()
    {
        using var seen = new Seen("InferMesh.Decisions");
        using var judge = Judge("least_queue");
        var table = Tables.Table([Tables.Row("a"), Tables.Row("b")]);
        var (_, shadow) = new DecisionSampler(Options.Create(new RoutingSettings()), judge).Look(table, Tables.Request(), Tables.Decide(table, "baseline_rr"), Tables.NowTicks, 0, 0, fellBack: true);
        Assert.IsNull(shadow);
        Assert.AreEqual(1, seen["infermesh.decision.shadow_skipped"]);
    }

    [TestMethod]
    public void Ended_SaidByACallerOfOneTenant_SaysNothingOfTheTime()
    {
        using var judge = Judge("least_queue");
        var table = Tables.Table([Tables.Row("a"), Tables.Row("b")]);
        var about = judge.Open(table.Models[Tables.Model], Tables.Request(), Tables.Decide(table, "baseline_rr"), Tables.NowTicks, 0, 0)!;
        about.Ended(new() { DecisionId = "x", LatencyMs = 800, Tenant = "acme" }, Tables.NowTicks + TimeSpan.TicksPerSecond);
        Assert.AreEqual(double.NaN, about.ObservedSeconds);
    }

    [TestMethod]
    public void RestAfter_AnyShare_IsAllOfItsRest()
    {
        Assert.AreEqual(2450, ShadowJudge.RestAfter(TimeSpan.FromMilliseconds(50), 0.02).TotalMilliseconds, 1e-6);
        Assert.AreEqual(TimeSpan.Zero, ShadowJudge.RestAfter(TimeSpan.FromMilliseconds(50), 1));
        Assert.AreEqual(TimeSpan.FromMinutes(1), ShadowJudge.RestAfter(TimeSpan.FromMinutes(1), 0.001), "the machine was asleep");
    }

    [TestMethod]
    public void Tallies_MorePairsThanAreKept_ForgetTheOneThatWasUsedLongestAgo()
    {
        using var judge = Judge("least_queue");
        var table = Tables.Table([Tables.Row("a"), Tables.Row("b")]);
        var (tallies, decision) = (new ShadowTallies(), Tables.Decide(table, "baseline_rr"));
        void Add(string strategy)
        {
            var about = judge.Open(table.Models[Tables.Model], Tables.Request(), decision with { Strategy = strategy }, Tables.NowTicks, 0, 0)!;
            about.Ended(new() { DecisionId = "x", LatencyMs = 800 }, Tables.NowTicks + TimeSpan.TicksPerSecond);
            tallies.Add(about, 1, 1, same: false);
        }
        for (var version = 0; version < 40; version++)
        {
            Add($"guest@{version}");
            Add("guest@0");
        }
        var kept = tallies.ToReports().Select(r => r.Strategy).ToArray();
        Assert.HasCount(32, kept);
        Assert.IsTrue(kept.Contains("guest@39") && kept.Contains("guest@0") && !kept.Contains("guest@1"), string.Join(' ', kept));
    }

    [TestMethod]
    public void Open_StrategyThatIsItsOwnShadow_IsNotCompared()
    {
        using var judge = Judge("baseline_rr");
        var table = Tables.Table([Tables.Row("a"), Tables.Row("b")]);
        Assert.IsNull(judge.Open(table.Models[Tables.Request().Model], Tables.Request(), Tables.Decide(table, "baseline_rr"), Tables.NowTicks, 0, 0));
    }

    [TestMethod]
    public void Settings_ShadowThatNamesNothing_IsRefused() => StringAssert.Contains(
        new RoutingSettings { ShadowStrategy = "none such" }.Validate(new(new object())).Single().ErrorMessage, "'none such' is not a strategy");

    private static ShadowJudge Judge(string shadow) =>
        new(Options.Create(new RoutingSettings { ShadowStrategy = shadow }), null!, null!, new LocalSilo(), NullLogger<ShadowJudge>.Instance);

    /// <summary>Sums of what a meter was told.</summary>
    private sealed class Seen : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<(string Name, KeyValuePair<string, object?>[] Tags, double Value)> _all = [];

        public Seen(string meter)
        {
            _listener.InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == meter) self.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => _all.Enqueue((instrument.Name, tags.ToArray(), value)));
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _all.Enqueue((instrument.Name, tags.ToArray(), value)));
            _listener.Start();
        }

        public double this[string name] => _all.Where(m => m.Name == name).Sum(m => m.Value);

        public double this[string name, (string Key, object Value) tag] => _all.Where(m => m.Name == name && m.Tags.Any(t => t.Key == tag.Key && Equals(t.Value, tag.Value))).Sum(m => m.Value);

        public void Dispose() => _listener.Dispose();
    }
}
