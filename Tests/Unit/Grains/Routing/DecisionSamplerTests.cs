using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using InferMesh.Strategies.Routing;
using InferMesh.Tests.Unit.Strategies;
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
        var sampler = new DecisionSampler(Options.Create(new RoutingSettings { SampleEvery = 1, ShadowStrategy = "least_queue" }));
        var table = Tables.Table([Tables.Row("a") with { Running = 64, Waiting = 40 }, Tables.Row("b"), Tables.Row("c") with { Standing = FilterReason.NodeCordoned }]);
        // The baseline takes the first in turn, however busy.
        var decision = Tables.Decide(table, "baseline_rr", explain: true);
        Assert.AreEqual("a", decision.First());

        var looked = sampler.Look(table, Tables.Request(), decision, Tables.NowTicks, 0, 0);

        Assert.AreEqual("a", looked.First());
        Assert.IsEmpty(looked.Excluded, "as a decision that nobody looked at");
        Assert.AreEqual(1, seen["infermesh.decision.sampled"]);
        Assert.AreEqual(2, seen["infermesh.decision.candidates", ("reason", "none")]);
        Assert.AreEqual(1, seen["infermesh.decision.candidates", ("reason", "node_cordoned")]);
        Assert.AreEqual(1, seen["infermesh.decision.shadow", ("same", false)]);
        Assert.IsGreaterThan(0.5, seen["infermesh.decision.regret"]);
        Assert.AreEqual(0, seen["infermesh.decision.gain"]);
    }

    [TestMethod]
    public void Settings_UnknownShadow_IsRefused() => StringAssert.Contains(
        new RoutingSettings { ShadowStrategy = "nonesuch" }.Validate(new(new object())).Single().ErrorMessage, "'nonesuch' is not a strategy");

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
