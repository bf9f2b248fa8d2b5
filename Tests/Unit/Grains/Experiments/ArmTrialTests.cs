using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Experiments;
using InferMesh.Strategies;
using InferMesh.Strategies.Experiments;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Unit.Grains.Experiments;

[TestClass]
public sealed class ArmTrialTests
{
    private readonly ArmCount _count = new();

    private ArmTally Tally => _count.Tally;

    [TestMethod]
    public void Ended_Success_RecordsTimesAndTheShareOfThePrice()
    {
        var trial = Trial(load: 3, price: 3.6);
        trial.Ended(new() { DecisionId = "", TtftMs = 500, LatencyMs = 2000 }, Ticks(2));
        Assert.AreEqual((1L, 0L), (Tally.Requests, Tally.Errors));
        // 3.6 dollars an hour are a thousandth a second; four requests share it for two seconds.
        AssertOnly(Measure.Ttft, 0.5);
        AssertOnly(Measure.E2e, 2);
        AssertOnly(Measure.Cost, 0.0005);
    }

    [TestMethod]
    public void Ended_AfterAFailedAttempt_CountsFromTheFirst()
    {
        var trial = Trial();
        trial.Moved(Choice("n2"), double.NaN, Ticks(3));
        trial.Ended(new() { DecisionId = "", TtftMs = 500, LatencyMs = 1000 }, Ticks(4));
        AssertOnly(Measure.Ttft, 3.5);
        AssertOnly(Measure.E2e, 4);
        Assert.AreEqual(0, Tally.Values(Measure.Cost).Count(), "no price is known");
    }

    [TestMethod]
    public void Ended_OfASecondDecision_IsAnOutcomeAndNoOtherRequest()
    {
        Trial().Ended(new() { DecisionId = "", Status = OutcomeStatus.Error }, Ticks(1));
        var second = ArmTrial.Begin(new(Arm()), Choice("n2"), double.NaN, Ticks(1), again: true);
        Assert.AreEqual(0, _count.InFlight, "it has counted");
        second.Ended(new() { DecisionId = "", TtftMs = 500, LatencyMs = 1000 }, Ticks(2));
        Assert.AreEqual((2L, 1L, 1L), (Tally.Requests, Tally.Errors, Tally.Again));
        Assert.AreEqual((1L, 0L), (_count.ToWire().Again, _count.InFlight));
    }

    [TestMethod]
    public void Ended_ByACopy_CountsFromTheFirstUntilTheCopyWasSent()
    {
        var (trial, copy) = (Trial(), Choice("n2"));
        trial.Copied(copy, double.NaN, Ticks(1));
        trial.Moved(copy, double.NaN, Ticks(3));
        trial.Ended(new() { DecisionId = "", TtftMs = 2000, LatencyMs = 2500 }, Ticks(3.5));
        AssertOnly(Measure.Ttft, 3);
    }

    [TestMethod]
    public void Ended_FirstAttemptOutrunsItsCopy_CountsAsIfThereHadBeenNone()
    {
        var first = Choice("n1");
        var trial = ArmTrial.Begin(new(Arm()), first, double.NaN, 0);
        trial.Copied(Choice("n2"), double.NaN, Ticks(1));
        trial.Moved(first, double.NaN, Ticks(2));
        trial.Ended(new() { DecisionId = "", TtftMs = 2000, LatencyMs = 3000 }, Ticks(3));
        AssertOnly(Measure.Ttft, 2);
    }

    [TestMethod]
    [DataRow(OutcomeStatus.Error, null, 1, 1)]
    [DataRow(OutcomeStatus.Timeout, null, 1, 1)]
    [DataRow(OutcomeStatus.Rejected, null, 1, 1)]
    [DataRow(OutcomeStatus.Rejected, 100.0, 0, 0)]
    [DataRow(OutcomeStatus.Cancelled, null, 0, 0)]
    [DataRow(OutcomeStatus.Cancelled, 100.0, 1, 0)]
    public void Ended_Otherwise_SaysWhatItCan(OutcomeStatus status, double? ttftMs, int requests, int errors)
    {
        Trial().Ended(new() { DecisionId = "", Status = status, TtftMs = ttftMs }, Ticks(1));
        Assert.AreEqual((requests, errors), ((int)Tally.Requests, (int)Tally.Errors));
    }

    [TestMethod]
    public void Ended_ByAClientThatGaveUp_CountsTheTimeThatItWaitedAndItsCost()
    {
        Trial(price: 3.6).Ended(new() { DecisionId = "", Status = OutcomeStatus.Cancelled, NodeId = "n1" }, Ticks(7));
        AssertOnly(Measure.Ttft, 7);
        AssertOnly(Measure.E2e, 7);
        AssertOnly(Measure.Cost, 0.007);
    }

    [TestMethod]
    public void Ended_ByAClientThatLeftAtOnce_IsNoFastAnswer()
    {
        Trial(price: 3.6).Ended(new() { DecisionId = "", Status = OutcomeStatus.Cancelled, NodeId = "n1" }, Ticks(0.5));
        Assert.AreEqual(1, Tally.Requests);
        Assert.AreEqual((0, 0), (Tally.Values(Measure.Ttft).Count(), Tally.Values(Measure.E2e).Count()));
        AssertOnly(Measure.Cost, 0.0005);
    }

    [TestMethod]
    public void Ended_ByAClientThatLeftAmidAnAnswer_CountsWhatItHad()
    {
        Trial().Ended(new() { DecisionId = "", Status = OutcomeStatus.Cancelled, NodeId = "n1", TtftMs = 200 }, Ticks(0.5));
        AssertOnly(Measure.Ttft, 0.2);
        AssertOnly(Measure.E2e, 0.5);
    }

    [TestMethod]
    [DataRow(AnswerForm.Unknown, 1, 1)]
    [DataRow(AnswerForm.Stream, 1, 1)]
    [DataRow(AnswerForm.Whole, 0, 1)]
    [DataRow(AnswerForm.Conversation, 0, 0)]
    public void Ended_ByFormOfTheAnswer_CountsTheTimesThatItHas(AnswerForm form, int ttft, int e2e)
    {
        Trial(form: form).Ended(new() { DecisionId = "", Status = OutcomeStatus.Error, NodeId = "n1" }, Ticks(7));
        Assert.AreEqual((1L, ttft, e2e), (Tally.Errors, (int)Tally.Forever(Measure.Ttft), (int)Tally.Forever(Measure.E2e)), "failed");
        Trial(form: form).Ended(new() { DecisionId = "", Status = OutcomeStatus.Cancelled, NodeId = "n1" }, Ticks(600));
        Assert.AreEqual((ttft, e2e), ((int)Tally.Values(Measure.Ttft).Count(), (int)Tally.Values(Measure.E2e).Count()), "its client left");
        Trial(price: 3.6, form: form).Ended(new() { DecisionId = "", NodeId = "n1", LatencyMs = 1_000 }, Ticks(1));
        Assert.AreEqual((ttft, 2 * e2e, 1L), ((int)Tally.Values(Measure.Ttft).Count(), (int)Tally.Values(Measure.E2e).Count(), Tally.Values(Measure.Cost).Count()), "answered, its first token unknown");
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(0.0)]
    public void Ended_DecisionThatNobodyUsed_JudgesNothing(double? latencyMs)
    {
        Trial().Ended(new() { DecisionId = "", Status = OutcomeStatus.Cancelled, LatencyMs = latencyMs }, Ticks(7));
        Assert.AreEqual((0L, 0L), (Tally.Requests, _count.InFlight));
    }

    [TestMethod]
    public void Cost_IsOfAllAttempts()
    {
        var (trial, second) = (Trial(price: 3.6), Choice("n2"));
        trial.Moved(second, 7.2, Ticks(3));
        trial.Copied(Choice("n3"), 36, Ticks(4));
        trial.Moved(second, 7.2, Ticks(5));
        trial.Ended(new() { DecisionId = "", NodeId = "n2", LatencyMs = 4000 }, Ticks(7));
        // Three seconds of the first, four of the second, one of the copy that lost.
        AssertOnly(Measure.Cost, 0.003 + 0.008 + 0.01);
    }

    [TestMethod]
    public void InFlight_IsFromTheBeginningToTheEnd()
    {
        var (first, second) = (Trial(), Trial());
        Assert.AreEqual(2, _count.InFlight);
        first.Ended(new() { DecisionId = "" }, Ticks(1));
        second.Ended(null, Ticks(120));
        Assert.AreEqual((0L, 1L), (_count.InFlight, Tally.Requests), "nobody said what became of the second");
    }

    [TestMethod]
    public void Ended_SaidByACallerOfOneTenant_DoesNotCount()
    {
        Trial().Ended(new() { DecisionId = "", Status = OutcomeStatus.Error, Tenant = "acme" }, Ticks(1));
        Assert.AreEqual(0, Tally.Requests);
    }

    private ArmTrial Trial(double load = 0, double price = double.NaN, AnswerForm form = AnswerForm.Unknown) => ArmTrial.Begin(new(Arm(), form), Choice("n1", load), price, 0);

    private RunningArm Arm() => new("experiment", "arm", StrategyCatalog.Create("mesh"), _count);

    private static Choice Choice(string node, double load = 0) => new(new(node, "c", "z", "r", node, "vllm", "http://" + node, "H100", false, new Dictionary<string, string>()), 0, default, load, 0, 0, new());

    private void AssertOnly(Measure measure, double value)
    {
        var counts = Tally.ToCounts().Values[(int)measure];
        Assert.AreEqual(1, counts.Counts.Single());
        Assert.AreEqual(value, OutcomeHistogram.Middle(counts.Steps.Single()), value * 0.006);
    }

    private static long Ticks(double seconds) => TimeSpan.FromSeconds(seconds).Ticks;
}
