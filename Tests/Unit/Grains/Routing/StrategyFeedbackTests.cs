using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;
using InferMesh.Tests.Unit.Strategies;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Routing;

/// <summary>What strategies that learn are told of live requests, from the reservation to its end.</summary>
[TestClass]
public sealed class StrategyFeedbackTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly RoutingTableCache _cache = new();
    private readonly ReservationLedger _ledger;
    private readonly Listener _listener = new();

    public StrategyFeedbackTests()
    {
        _ledger = new(new LocalSilo(), _time, Options.Create(new RoutingSettings()), new(_cache));
        Swap(Tables.Equal(3));
    }

    public void Dispose() => _ledger.Dispose();

    [TestMethod]
    public void Settle_AnswerWithTimes_IsToldAsMeasured()
    {
        var (decision, number) = Route();
        Assert.AreEqual(First(decision), _listener.Sent.Single());
        Assert.AreEqual(1, decision.Choices[0].Local.Requests);
        After(seconds: 2, number, new() { DecisionId = "", NodeId = First(decision), TtftMs = 250, LatencyMs = 1900, PromptTokens = 777, OutputTokens = 90 });

        var told = _listener.Told.Single();
        Assert.AreEqual(decision.Choices[0].Identity, told.Target);
        // Prompt tokens as the decision knew them: it is its numbers that what is learned will be applied to.
        Assert.AreEqual((Tables.Model, 500, 90, 0.25, 1.9, true), (told.Model, told.PromptTokens, told.OutputTokens, told.TtftSeconds, told.E2eSeconds, told.Succeeded));
        Assert.AreEqual((decision.Choices[0].Terms.TotalSeconds, 0.0, _time.GetUtcNow().UtcTicks), (told.ExpectedSeconds, told.LoadAtDispatch, told.CompletedAtTicks));
        CollectionAssert.AreEqual(new ulong[] { 1, 2 }, told.Prefix.ToArray());
    }

    [TestMethod]
    public void Settle_LoadAtDispatch_IsWhatWasThereBefore()
    {
        var numbers = Enumerable.Range(0, 6).Select(_ => Route().Number).ToArray();
        foreach (var number in numbers) After(0.1, number, new() { DecisionId = "" });
        CollectionAssert.AreEquivalent(new[] { 0.0, 0, 0, 1, 1, 1 }, _listener.Told.Select(t => t.LoadAtDispatch).ToArray());
    }

    [TestMethod]
    public void Lease_Ends_TellsNothing()
    {
        var (_, number) = Route();
        _time.Advance(TimeSpan.FromMinutes(3));
        Assert.AreEqual(0, _ledger.Open);
        Assert.IsFalse(_ledger.Settle(number, new() { DecisionId = "", TtftMs = 1, LatencyMs = 1, OutputTokens = 1 }));
        Assert.IsEmpty(_listener.Told);
    }

    [TestMethod]
    public void Settle_WithoutAnyNumber_TeachesNoTimes()
    {
        After(1, Route().Number, new() { DecisionId = "" });
        var told = _listener.Told.Single();
        Assert.IsTrue(told.Succeeded && double.IsNaN(told.TtftSeconds) && double.IsNaN(told.E2eSeconds));
    }

    [TestMethod]
    [DataRow(-5.0)]
    [DataRow(0.0)]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    [DataRow(60_000.0, DisplayName = "longer than the attempt has lasted")]
    public void Settle_TimesThatCannotBe_AreUnknown(double ms)
    {
        After(2, Route().Number, new() { DecisionId = "", TtftMs = ms, LatencyMs = ms, OutputTokens = 10 });
        var told = _listener.Told.Single();
        Assert.IsTrue(double.IsNaN(told.TtftSeconds) && double.IsNaN(told.E2eSeconds));
    }

    [TestMethod]
    public void Settle_AnswerOfUnknownLength_TeachesItsFirstTokenOnly()
    {
        After(2, Route().Number, new() { DecisionId = "", TtftMs = 300, LatencyMs = 1500 });
        var told = _listener.Told.Single();
        Assert.AreEqual((0.3, 200), (told.TtftSeconds, told.OutputTokens), "the length that the decision expected");
        Assert.IsTrue(double.IsNaN(told.E2eSeconds));
    }

    [TestMethod]
    [DataRow(OutcomeStatus.Cancelled, null, null, DisplayName = "the client left before the first token: nobody knows")]
    [DataRow(OutcomeStatus.Cancelled, 100.0, true, DisplayName = "the client left after it: the first token counts")]
    [DataRow(OutcomeStatus.Rejected, 100.0, null, DisplayName = "the node answered that the request is wrong")]
    [DataRow(OutcomeStatus.Rejected, null, false, DisplayName = "the node refused")]
    [DataRow(OutcomeStatus.Error, 100.0, false)]
    [DataRow(OutcomeStatus.Timeout, null, false)]
    public void Settle_NotAnswered_TellsWhatIsKnownOfTheNode(OutcomeStatus status, double? ttftMs, bool? succeeded)
    {
        After(1, Route().Number, new() { DecisionId = "", Status = status, TtftMs = ttftMs, LatencyMs = 500, OutputTokens = 7 });
        if (succeeded is null)
        {
            Assert.IsEmpty(_listener.Told);
            return;
        }
        var told = _listener.Told.Single();
        Assert.AreEqual(succeeded, told.Succeeded);
        Assert.AreEqual(succeeded.Value, told.TtftSeconds > 0);
        if (succeeded.Value) Assert.IsTrue(double.IsNaN(told.E2eSeconds));
    }

    [TestMethod]
    public void Move_TellsOfTheFailureAndOfTheNextAttempt()
    {
        var (decision, number) = Route();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsTrue(_ledger.Move(number, decision.Choices[1].Identity.NodeId));
        After(1, number, new() { DecisionId = "", NodeId = decision.Choices[1].Identity.NodeId, TtftMs = 90, LatencyMs = 900, OutputTokens = 5 });

        CollectionAssert.AreEqual(new[] { First(decision), decision.Choices[1].Identity.NodeId }, _listener.Sent);
        Assert.AreEqual((First(decision), false), (_listener.Told[0].Target.NodeId, _listener.Told[0].Succeeded));
        Assert.AreEqual((decision.Choices[1].Identity.NodeId, true, 0.09), (_listener.Told[1].Target.NodeId, _listener.Told[1].Succeeded, _listener.Told[1].TtftSeconds));
    }

    [TestMethod]
    public void Settle_CallerTookAnotherChoice_IsToldOfThatOne()
    {
        var (decision, number) = Route();
        After(1, number, new() { DecisionId = "", NodeId = decision.Choices[2].Identity.NodeId, TtftMs = 90 });
        Assert.AreEqual(decision.Choices[2].Identity, _listener.Told.Single().Target);
        After(1, Route().Number, new() { DecisionId = "", NodeId = "elsewhere", TtftMs = 90 });
        Assert.HasCount(1, _listener.Told);
    }

    [TestMethod]
    public void Dispatched_TargetLeftTheTableMeanwhile_IsNoError()
    {
        var decision = Decide();
        Swap(Tables.Equal(1)[..0]);
        var number = Reserve(decision);
        Assert.IsEmpty(_listener.Sent);
        After(1, number, new() { DecisionId = "", TtftMs = 100 });
        Assert.HasCount(1, _listener.Told);
    }

    [TestMethod]
    public void Settle_StrategyThatDoesNotLearn_IsLeftAlone()
    {
        var decision = Tables.Decide(Tables.Table(Tables.Equal(2)));
        After(1, Reserve(decision), new() { DecisionId = "", TtftMs = 100 });
        Assert.AreEqual(0, decision.Choices[0].Local.Requests);
        Assert.IsEmpty(_listener.Told);
    }

    private (Decision Decision, long Number) Route()
    {
        var decision = Decide();
        return (decision, Reserve(decision));
    }

    private Decision Decide() => DecisionKernel.Decide(_cache.Current.Table, Request(), _time.GetUtcNow().UtcTicks, 0, 0);

    private long Reserve(Decision decision)
    {
        Assert.IsTrue(ReservationLedger.TryParse(_ledger.Reserve(decision, Request()), out var number, out _));
        return number;
    }

    private void After(double seconds, long number, RouteOutcome outcome)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.IsTrue(_ledger.Settle(number, outcome));
    }

    private void Swap(TargetRow[] rows) => _cache.Swap(new(Tables.Table(rows.Select(r => r with { SampledAtTicks = _time.GetUtcNow().UtcTicks }), Tables.Rule("p") with { Strategy = _listener }), rows.Length, rows.Length));

    private static RoutingRequest Request() => Tables.Request() with { Prefix = new ulong[] { 1, 2 } };

    private static string First(Decision decision) => decision.Choices[0].Identity.NodeId;

    /// <summary>Ranks like the mesh and writes down what it is told.</summary>
    private sealed class Listener : ILearningStrategy
    {
        private readonly IRoutingStrategy _mesh = StrategyCatalog.Create("mesh");

        public List<string> Sent { get; } = [];

        public List<Outcome> Told { get; } = [];

        public string Name => _mesh.Name;

        public int Rank(in RankingInput input, Span<RankedTarget> best) => _mesh.Rank(input, best);

        public CostTerms Explain(in RankingInput input, int target) => _mesh.Explain(input, target);

        public void Dispatched(in RankingInput input, int target) => Sent.Add(input.Targets.Identity[target].NodeId);

        public void Completed(in Outcome outcome) => Told.Add(outcome);
    }
}
