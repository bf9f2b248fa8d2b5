using CsCheck;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using InferMesh.Tests.Unit.Strategies;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Routing;

[TestClass]
public sealed class ReservationLedgerTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly ReservationLedger _ledger;

    public ReservationLedgerTests() => _ledger = new(new LocalSilo(), _time, Options.Create(new RoutingSettings()), new(new()));

    public void Dispose() => _ledger.Dispose();

    [TestMethod]
    public void TryParse_OwnIds_GivesNumberAndSilo()
    {
        var numbers = new HashSet<long>();
        for (var i = 0; i < 1000; i++)
        {
            Assert.IsTrue(ReservationLedger.TryParse(_ledger.NewId(), out var number, out var silo));
            Assert.AreEqual(LocalSilo.Address, silo);
            Assert.IsTrue(numbers.Add(number));
        }
        Assert.IsGreaterThan(400, numbers.Count(static n => n < 0), "nobody guesses the next one from the last");
        Assert.IsGreaterThan(400, numbers.Count(static n => n > 0));
    }

    [TestMethod]
    public void Settle_ForAnotherTenant_IsNotDone()
    {
        var number = Reserve(Decision(), "acme");
        Assert.IsFalse(_ledger.Settle(number, new() { DecisionId = "", Tenant = "globex" }));
        Assert.AreEqual(1, _ledger.Open);
        Assert.IsTrue(_ledger.Settle(number, new() { DecisionId = "", Tenant = "acme" }));
        Assert.IsTrue(_ledger.Settle(Reserve(Decision(), "acme"), new() { DecisionId = "" }));
    }

    [TestMethod]
    [DataRow(null, 1)]
    [DataRow("acme", 0)]
    public void Settle_Failed_CountsAgainstTheNodeUnlessATenantSaysSo(string? tenant, int count)
    {
        var failures = new List<string>();
        _ledger.Answered += (node, failed) => failures.AddRange(failed ? [node] : []);
        _ledger.Settle(Reserve(Decision(), "acme"), new() { DecisionId = "", Status = OutcomeStatus.Error, Tenant = tenant });
        Assert.HasCount(count, failures);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("-")]
    [DataRow("1")]
    [DataRow("1-")]
    [DataRow("-127.0.0.1:11111@42")]
    [DataRow("x-127.0.0.1:11111@42")]
    [DataRow("11111111111111111-127.0.0.1:11111@42")]
    [DataRow("1-127.0.0.1")]
    [DataRow("1-127.0.0.1:99999999@42")]
    [DataRow("1-nowhere:1@2")]
    [DataRow("1-@")]
    [DataRow("1-127.0.0.1:11111@99999999999999999999")]
    public void TryParse_NotOfThisForm_IsFalse(string id) => Assert.IsFalse(ReservationLedger.TryParse(id, out _, out _));

    [TestMethod]
    public void TryParse_Anything_NeverThrows() => Gen.OneOf(
        Gen.String, Gen.String.Select(s => "1-" + s), Gen.Char["0123456789abcdef-:.@[]x"].Array[0, 40].Select(c => new string(c)), Gen.Char["0123456789:.@"].Array[0, 30].Select(c => "a-" + new string(c)))
        .Sample(static id => { _ = ReservationLedger.TryParse(id, out _, out _); }, iter: 20_000, print: static id => id);

    [TestMethod]
    public void Settle_OpenReservation_ReleasesOnce()
    {
        var decision = Decision();
        var number = Reserve(decision);
        Assert.AreEqual((1, 1), (_ledger.Open, decision.Choices[0].Local.Requests));
        Assert.IsTrue(_ledger.Settle(number));
        Assert.IsFalse(_ledger.Settle(number));
        Assert.AreEqual((0, 0), (_ledger.Open, decision.Choices[0].Local.Requests));
    }

    [TestMethod]
    [DataRow(OutcomeStatus.Success, true)]
    [DataRow(OutcomeStatus.Error, false)]
    [DataRow(OutcomeStatus.Timeout, false)]
    [DataRow(OutcomeStatus.Cancelled, false)]
    public void Settle_WithAnAnswer_IsASignOfLifeOfTheNodeThatGaveIt(OutcomeStatus status, bool isAlive)
    {
        var decision = Decision();
        var other = decision.Choices[1];
        Assert.IsTrue(_ledger.Settle(Reserve(decision), new() { DecisionId = "", Status = status, NodeId = other.Identity.NodeId }));
        Assert.AreEqual((0L, isAlive ? _time.GetUtcNow().UtcTicks : 0), (decision.Choices[0].Local.AnsweredTicks, other.Local.AnsweredTicks));
    }

    [TestMethod]
    public void Move_ToAnotherChoice_TakesThePlaceAlong()
    {
        var decision = Decision();
        var number = Reserve(decision);
        Assert.IsFalse(_ledger.Move(number, "elsewhere"));
        Assert.IsTrue(_ledger.Move(number, decision.Choices[1].Identity.NodeId));
        Assert.AreEqual((0, 1), (decision.Choices[0].Local.Requests, decision.Choices[1].Local.Requests));
        _ledger.Settle(number);
        Assert.AreEqual(0, decision.Choices[1].Local.Requests);
        Assert.IsFalse(_ledger.Move(number, decision.Choices[0].Identity.NodeId));
    }

    [TestMethod]
    public void Hedge_CopyAnswers_KeepsItsPlaceAlone()
    {
        var decision = Decision();
        var number = Reserve(decision);
        Assert.IsFalse(_ledger.Hedge(number, "elsewhere"));
        Assert.IsFalse(_ledger.Hedge(number, decision.Choices[0].Identity.NodeId), "the first attempt is there");
        Assert.IsTrue(_ledger.Hedge(number, decision.Choices[1].Identity.NodeId));
        Assert.IsFalse(_ledger.Hedge(number, decision.Choices[1].Identity.NodeId), "one copy is enough");
        Assert.AreEqual((1, 1), (decision.Choices[0].Local.Requests, decision.Choices[1].Local.Requests));
        Assert.IsTrue(_ledger.Move(number, decision.Choices[1].Identity.NodeId));
        Assert.AreEqual((0, 1), (decision.Choices[0].Local.Requests, decision.Choices[1].Local.Requests));
        _ledger.Settle(number);
        Assert.AreEqual((0, 0), (decision.Choices[0].Local.Requests, decision.Choices[1].Local.Requests));
    }

    [TestMethod]
    public void Hedge_FirstAttemptAnswers_GivesTheCopysPlaceBack()
    {
        var decision = Decision();
        var number = Reserve(decision);
        _ledger.Hedge(number, decision.Choices[1].Identity.NodeId);
        Assert.IsTrue(_ledger.Move(number, decision.Choices[0].Identity.NodeId));
        Assert.AreEqual((1, 0), (decision.Choices[0].Local.Requests, decision.Choices[1].Local.Requests));
        _ledger.Settle(number);
        Assert.AreEqual((0, 0), (decision.Choices[0].Local.Requests, decision.Choices[1].Local.Requests));
    }

    [TestMethod]
    public void Hedge_NobodyAnswers_SettlesBoth()
    {
        var decision = Decision();
        var number = Reserve(decision);
        _ledger.Hedge(number, decision.Choices[1].Identity.NodeId);
        _ledger.Settle(number);
        Assert.AreEqual((0, 0), (decision.Choices[0].Local.Requests, decision.Choices[1].Local.Requests));
        Assert.IsFalse(_ledger.Hedge(number, decision.Choices[1].Identity.NodeId));
    }

    [TestMethod]
    public void Lease_NobodySettles_EndsAndReleases()
    {
        var decision = Decision();
        _ledger.Reserve(decision, Tables.Request());
        _time.Advance(TimeSpan.FromSeconds(119));
        Assert.AreEqual(1, _ledger.Open);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.AreEqual((0, 0), (_ledger.Open, decision.Choices[0].Local.Requests));
    }

    [TestMethod]
    public void Lease_Renewed_BeginsAnew()
    {
        var decision = Decision();
        var number = Reserve(decision);
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(100));
            _ledger.Renew(number);
        }
        Assert.AreEqual((1, 1), (_ledger.Open, decision.Choices[0].Local.Requests));
        _time.Advance(TimeSpan.FromSeconds(119));
        Assert.AreEqual(1, _ledger.Open);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.AreEqual((0, 0), (_ledger.Open, decision.Choices[0].Local.Requests));
        _ledger.Renew(number);
        Assert.AreEqual(0, _ledger.Open, "what has ended stays so");
    }

    [TestMethod]
    public async Task MoveAndSettle_AtOnce_LeaveNothingBehind()
    {
        for (var round = 0; round < 200; round++)
        {
            var decision = Decision();
            var number = Reserve(decision);
            await Task.WhenAll(
                Task.Run(() => _ledger.Move(number, decision.Choices[1].Identity.NodeId)), Task.Run(() => _ledger.Settle(number)), Task.Run(() => _ledger.Move(number, decision.Choices[0].Identity.NodeId)));
            Assert.AreEqual((0, 0), (decision.Choices[0].Local.Requests, decision.Choices[1].Local.Requests));
        }
    }

    private long Reserve(Decision decision, string tenant = "")
    {
        Assert.IsTrue(ReservationLedger.TryParse(_ledger.Reserve(decision, Tables.Request() with { Tenant = tenant }), out var number, out _));
        return number;
    }

    private static Decision Decision() => Tables.Decide(Tables.Table(Tables.Equal(3)), StrategyCatalog.Default);
}
