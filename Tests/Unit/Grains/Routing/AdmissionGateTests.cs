using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using InferMesh.Strategies.Policies;
using InferMesh.Tests.Unit.Strategies;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Routing;

[TestClass]
public sealed class AdmissionGateTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly RoutingTableCache _cache = new();
    private readonly RoutingSettings _settings = new() { MaxQueuedPerModel = 3 };
    private readonly ReservationLedger _ledger;
    private readonly AdmissionGate _gate;

    public AdmissionGateTests()
    {
        _ledger = new(new LocalSilo(), _time, Options.Create(_settings), new(_cache));
        var router = new Router(_cache, _ledger, new(Options.Create(_settings)), new LocalSilo(), _time);
        _gate = new(router, _ledger, _cache, Options.Create(_settings), _time);
    }

    public void Dispose() => _ledger.Dispose();

    [TestMethod]
    public void Route_RoomForMoreThanTheBatch_KeepsTheTargetsQueueShort()
    {
        Serve(batch: 4);
        Assert.HasCount(6, Fill(), "a batch of 4 and 2 that wait there");
        var full = _gate.Route(Query());
        Assert.AreEqual((RouteStatus.Overloaded, TimeSpan.FromSeconds(10), RouteRefusal.None), (full.Status, full.MaxQueueWait, full.Refusal));
        Assert.AreEqual(RouteStatus.Routed, _gate.Route(Query() with { MayQueue = false }).Status, "who cannot wait in the mesh waits there");
    }

    [TestMethod]
    public async Task RouteQueued_PlaceComesBack_IsDecidedAtOnce()
    {
        Serve(batch: 2);
        var inFlight = Fill();
        var waiting = Enter();
        Assert.IsFalse(waiting.IsCompleted);
        Settle(inFlight[0]);
        var decision = await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.AreEqual(RouteStatus.Routed, decision.Status);
        Assert.AreEqual(inFlight.Count, _ledger.Open);
    }

    [TestMethod]
    public async Task RouteQueued_NewTableHasMoreTargets_IsDecidedAtOnce()
    {
        Serve(batch: 2);
        Fill();
        var waiting = Enter();
        Serve(batch: 2, targets: 2);
        Assert.AreEqual(RouteStatus.Routed, (await waiting.WaitAsync(TimeSpan.FromSeconds(10))).Status);
    }

    [TestMethod]
    public async Task Route_HigherPriority_OvertakesAndUsesWhatIsKeptForIt()
    {
        Serve(20, 1, Urgent());
        var normal = Fill();
        Assert.HasCount(18, normal, "a tenth of the batch is kept");
        var first = Enter();
        Assert.AreEqual(RouteStatus.Overloaded, _gate.Route(Query()).Status, "another waits already: it must ask for its turn");
        Assert.AreEqual(RouteStatus.Routed, _gate.Route(Query("urgent")).Status, "nobody who waits goes before it");
        Assert.AreEqual(RouteStatus.Routed, (await Enter("urgent").WaitAsync(TimeSpan.FromSeconds(10))).Status);
        Assert.IsFalse(first.IsCompleted);
        Settle(normal[0]);
        Settle(normal[1]);
        Assert.IsFalse(first.IsCompleted, "the urgent ones are above what others may use");
        Settle(normal[2]);
        Assert.AreEqual(RouteStatus.Routed, (await first.WaitAsync(TimeSpan.FromSeconds(10))).Status);
    }

    [TestMethod]
    public async Task RouteQueued_Waits_APieceAndThenUntilItsTimeIsUp()
    {
        Serve(batch: 1);
        Fill();
        var waiting = Enter();
        _time.Advance(TimeSpan.FromSeconds(1));
        var again = await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.AreEqual((RouteStatus.Overloaded, RouteRefusal.None), (again.Status, again.Refusal));
        waiting = Enter(waited: TimeSpan.FromSeconds(9.5));
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.AreEqual(RouteRefusal.QueueTimeout, (await waiting.WaitAsync(TimeSpan.FromSeconds(10))).Refusal);
        Assert.AreEqual(RouteRefusal.QueueTimeout, (await Enter(waited: TimeSpan.FromSeconds(10))).Refusal);
    }

    [TestMethod]
    public async Task RouteQueued_FullQueue_RefusesTheLast()
    {
        Serve(batch: 1);
        Fill();
        var waiting = Enumerable.Range(0, 3).Select(_ => Enter()).ToArray();
        var refused = await Enter().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.AreEqual((RouteStatus.Overloaded, RouteRefusal.QueueFull), (refused.Status, refused.Refusal));
        Assert.IsGreaterThanOrEqualTo(TimeSpan.FromSeconds(1), refused.RetryAfter);
        Assert.IsFalse(waiting.Any(w => w.IsCompleted));
    }

    [TestMethod]
    public async Task RouteQueued_LineTooSlowForItsDeadline_IsRefusedBeforeItWaits()
    {
        _settings.MaxQueuedPerModel = 300;
        Serve(batch: 1);
        var inFlight = Fill();
        var line = Enumerable.Range(0, 20).Select(_ => Enter()).ToArray();
        // Ten places in a second.
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.09));
            Settle(i < inFlight.Count ? inFlight[i] : await line[i - inFlight.Count].WaitAsync(TimeSpan.FromSeconds(10)));
        }
        for (var i = 0; i < 80; i++) Assert.IsFalse(Enter().IsCompleted, $"{i}");
        var waits = Enumerable.Range(0, 40).Select(_ => Enter()).ToArray();
        var refused = await waits[^1].WaitAsync(TimeSpan.FromSeconds(10));
        Assert.AreEqual(RouteRefusal.QueueDeadline, refused.Refusal);
        Assert.IsGreaterThan(TimeSpan.FromSeconds(9), refused.RetryAfter);
        Assert.IsFalse(waits[0].IsCompleted);
    }

    [TestMethod]
    public async Task RouteQueued_CallerLeaves_NobodyHoldsItsTurn()
    {
        Serve(batch: 1);
        var inFlight = Fill();
        using var gone = new CancellationTokenSource();
        var left = _gate.RouteQueuedAsync(Query(), gone.Token);
        var next = Enter();
        await gone.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => left);
        Settle(inFlight[0]);
        Assert.AreEqual(RouteStatus.Routed, (await next.WaitAsync(TimeSpan.FromSeconds(10))).Status);
        Assert.AreEqual(inFlight.Count, _ledger.Open);
    }

    [TestMethod]
    public async Task RouteQueued_FirstWantsFullNodes_OthersPassIt()
    {
        Serve(batch: 1, targets: 2);
        var inFlight = Fill();
        var choosy = _gate.RouteQueuedAsync(Query() with { Tenant = "choosy", ExcludedNodes = [inFlight[0].Targets[0].NodeId] }, CancellationToken.None);
        var other = _gate.RouteQueuedAsync(Query() with { Tenant = "other" }, CancellationToken.None);
        Settle(inFlight[0]);
        Assert.AreEqual(RouteStatus.Routed, (await other.WaitAsync(TimeSpan.FromSeconds(10))).Status);
        Assert.IsFalse(choosy.IsCompleted);
    }

    [TestMethod]
    public void Route_PolicyForbidsToWait_SaysSo()
    {
        Serve(1, 1, new PolicyRule("now", 1, 0, PolicyMatch.Everything) { Queue = new(0, TimeSpan.Zero, 1) });
        Fill();
        Assert.AreEqual(TimeSpan.Zero, _gate.Route(Query()).MaxQueueWait);
    }

    private static PolicyRule Urgent() => new("urgent", 1, 0, new([], [], ["urgent"])) { Queue = new(1, null, 1) };

    private static RouteQuery Query(string sloClass = "") => new() { Model = Tables.Model, SloClass = sloClass, PromptTokens = 10, OutputTokens = 10, MayQueue = true };

    private Task<RouteDecision> Enter(string sloClass = "", TimeSpan waited = default) => _gate.RouteQueuedAsync(Query(sloClass) with { Waited = waited }, CancellationToken.None);

    private void Settle(RouteDecision decision)
    {
        Assert.IsTrue(ReservationLedger.TryParse(decision.DecisionId, out var number, out _));
        Assert.IsTrue(_ledger.Settle(number));
    }

    /// <summary>Routes until all targets are full.</summary>
    private List<RouteDecision> Fill()
    {
        var routed = new List<RouteDecision>();
        while (_gate.Route(Query()) is { Status: RouteStatus.Routed } decision) routed.Add(decision);
        return routed;
    }

    private void Serve(double batch, int targets = 1, params PolicyRule[] rules)
    {
        var rows = Enumerable.Range(0, targets).Select(i => Tables.Row($"n{i}") with { MaxConcurrency = batch, Running = 0, Waiting = 0, SampledAtTicks = _time.GetUtcNow().UtcTicks, Local = _cache.Load($"n{i}", "", Tables.Model) });
        _cache.Swap(new(Tables.Table(rows, rules), targets, targets));
    }
}
