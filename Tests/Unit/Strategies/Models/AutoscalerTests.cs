using CsCheck;
using InferMesh.Strategies.Models;

namespace InferMesh.Tests.Unit.Strategies.Models;

[TestClass]
public sealed class AutoscalerTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly AutoscaleRule Rule = new(1, 10, 0.5, 2.0);

    [TestMethod]
    public void Next_LoadAboveTarget_AsksForAsManyAsBringItThere()
    {
        // Two batches' worth of requests at half full each are four replicas.
        var next = Autoscaler.Next(Rule, State(2), [Load(8, 0), Load(6, 2)], Start);
        Assert.AreEqual((4, 1.0), (next.Desired, next.Load));
        Assert.AreEqual(10, Autoscaler.Next(Rule, State(2), [Load(8, 900)], Start).Desired, "never more than the most");
    }

    [TestMethod]
    public void Next_FirstTokensLate_AddsOneAtATime()
    {
        var state = Autoscaler.Next(Rule, State(1), [Load(1, 0, ttft: 3)], Start);
        Assert.AreEqual(2, state.Desired);
        Assert.AreEqual(2, Autoscaler.Next(Rule, state, [Load(1, 0, ttft: 3)], Start).Desired, "the second has not come yet");
        Assert.AreEqual(3, Autoscaler.Next(Rule, state, [Load(1, 0, ttft: 3), Load(1, 0, ttft: 1)], Start).Desired);
        Assert.AreEqual(1, Autoscaler.Next(Rule with { TtftSloSeconds = null }, State(1), [Load(1, 0, ttft: 3)], Start).Desired);
    }

    [TestMethod]
    public void Next_LittleLoad_TakesOneAwayAfterEachWindow()
    {
        var state = State(3);
        ReplicaLoad[] idle = [Load(0, 0), Load(1, 0), Load(0, 0)];
        state = Autoscaler.Next(Rule, state, idle, Start);
        Assert.AreEqual((3, Start), (state.Desired, state.LowSince));
        Assert.AreEqual(3, Autoscaler.Next(Rule, state, idle, Start + Autoscaler.StabilisationWindow - TimeSpan.FromSeconds(1)).Desired);
        state = Autoscaler.Next(Rule, state, idle, Start + Autoscaler.StabilisationWindow);
        Assert.AreEqual(2, state.Desired);
        Assert.AreEqual(2, Autoscaler.Next(Rule, state, idle, Start + Autoscaler.StabilisationWindow + TimeSpan.FromSeconds(2)).Desired);
        Assert.AreEqual(1, Autoscaler.Next(Rule, state, idle, Start + (2 * Autoscaler.StabilisationWindow)).Desired);
    }

    [TestMethod]
    public void Next_LoadInBetween_BeginsTheWindowAnew()
    {
        var state = Autoscaler.Next(Rule, State(2), [Load(0, 0), Load(0, 0)], Start);
        state = Autoscaler.Next(Rule, state, [Load(4, 0), Load(4, 0)], Start.AddMinutes(1));
        Assert.IsNull(state.LowSince);
    }

    [TestMethod]
    public void Next_UnknownReading_NeverTakesAway_ButWhatIsKnownMayAdd()
    {
        var state = State(3) with { LowSince = Start.AddDays(-1) };
        Assert.AreEqual(3, Autoscaler.Next(Rule, state, [Load(0, 0), Load(double.NaN, 0), Load(0, 0)], Start).Desired);
        Assert.AreEqual(3, Autoscaler.Next(Rule, state, [], Start).Desired, "nothing is ready, so nothing is known");
        Assert.AreEqual(3, Autoscaler.Next(Rule, state, [Load(0, 0) with { MaxConcurrency = 0 }], Start).Desired);
        Assert.AreEqual(4, Autoscaler.Next(Rule, state, [Load(8, 8), Load(0, double.NaN)], Start).Desired);
    }

    [TestMethod]
    public void Next_AnyLoad_StaysWithinTheRule_AndFallsByOneAtMost() =>
        Gen.Select(Gen.Int[0, 12], Gen.Select(Gen.Double[-1, 40], Gen.Double[0, 100], Gen.Double[0, 16], Gen.Double[0, 5]).Array[0, 6], Gen.Int[0, 900]).Sample((desired, loads, seconds) =>
        {
            ReplicaLoad[] ready = [.. loads.Select(l => new ReplicaLoad(l.Item1 < 0 ? double.NaN : l.Item1, l.Item2, l.Item3, l.Item4))];
            var next = Autoscaler.Next(Rule, State(desired) with { LowSince = Start }, ready, Start.AddSeconds(seconds));
            Assert.IsTrue(next.Desired is >= 1 and <= 10);
            Assert.IsGreaterThanOrEqualTo(Math.Clamp(desired, 1, 10) - 1, next.Desired);
        });

    private static AutoscaleState State(int desired) => new(desired, null, double.NaN, double.NaN);

    private static ReplicaLoad Load(double running, double waiting, double ttft = double.NaN) => new(running, waiting, 8, ttft);
}
