using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Experiments;
using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using InferMesh.Strategies;
using InferMesh.Strategies.Policies;
using InferMesh.Tests.Unit.Strategies;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Routing;

[TestClass]
public sealed class RouterTrialTests : IDisposable
{
    private static readonly RouteQuery Query = new() { Model = Tables.Model, PromptTokens = 10, OutputTokens = 10 };

    private readonly ManualTime _time = new();
    private readonly RoutingTableCache _cache = new();
    private readonly ReservationLedger _ledger;
    private readonly Router _router;

    public RouterTrialTests()
    {
        _ledger = new(new LocalSilo(), _time, Options.Create(new RoutingSettings()), new(_cache));
        _router = new(_cache, _ledger, new(Options.Create(new RoutingSettings())), new LocalSilo(), _time);
    }

    public void Dispose() => _ledger.Dispose();

    [TestMethod]
    public void Try_PlacementElsewhere_MovesRequests_AndReservesNothing()
    {
        Serve();
        var trial = Try(Placement("pin", "n1")).Single();
        Assert.AreEqual(("n0", "n1"), (trial.Now.Targets[0].NodeId, trial.Then.Targets[0].NodeId));
        CollectionAssert.AreEqual(new[] { "pin@0" }, trial.Then.Policies.ToArray());
        Assert.AreEqual((2, 1), (trial.Then.Considered, trial.Then.Eligible));
        Assert.AreEqual(0, _ledger.Open);
        Assert.AreEqual("n0", _router.Decide(Query, dryRun: true).Targets[0].NodeId, "What is in force stays.");
    }

    [TestMethod]
    public void Try_PolicyThatIsThere_StandsInItsPlace()
    {
        Serve(new PolicyRule("pin", 3, 0, PolicyMatch.Everything) { Placement = new(["n0"], [], [], [], new Dictionary<string, string>()) });
        var trial = Try(Placement("pin", "n1")).Single();
        Assert.AreEqual(("n0", "n1"), (trial.Now.Targets[0].NodeId, trial.Then.Targets[0].NodeId));
        Assert.AreEqual(RouteStatus.NoEligibleTarget, Try(Placement("other", "n1")).Single().Then.Status, "Beside the one that is there no node is left.");
    }

    [TestMethod]
    public void Try_Quota_CountsWhatIsInFlight_AndNothingOfItsOwn()
    {
        Serve();
        var quota = new Policy { Name = "quota", Spec = new() { Kind = PolicyKind.Quota, Quota = new() { MaxConcurrentRequests = 1 } } };
        foreach (var trial in _router.Try([Query, Query, Query], quota, new())) Assert.AreEqual(RouteStatus.Routed, trial.Then.Status);
        _cache.Quota("quota").Dispatch(_time.GetUtcNow().UtcTicks, 0);
        Assert.AreEqual((RouteStatus.Routed, RouteStatus.QuotaExceeded), (Try(quota).Single().Now.Status, Try(quota).Single().Then.Status));
    }

    [TestMethod]
    public void Try_BadQuery_IsInvalidBothWays()
    {
        Serve();
        var trial = _router.Try([Query with { MaxTargets = 0 }], Placement("pin", "n1"), new()).Single();
        Assert.AreEqual((RouteStatus.Invalid, RouteStatus.Invalid), (trial.Now.Status, trial.Then.Status));
    }

    [TestMethod]
    public void Try_Strategy_DecidesBesideTheOneInForce_AndSaysHowLong()
    {
        Serve();
        var (trials, now, then) = _router.Try([Query, Query with { MaxTargets = 0 }], StrategyCatalog.Create("least_queue"));
        Assert.AreEqual((RouteStatus.Routed, "least_queue"), (trials[0].Then.Status, trials[0].Then.Strategy));
        Assert.AreEqual(StrategyCatalog.Default, trials[0].Now.Strategy);
        Assert.AreEqual(RouteStatus.Invalid, trials[1].Then.Status);
        Assert.IsTrue(now >= TimeSpan.Zero && then >= TimeSpan.Zero);
    }

    [TestMethod]
    public void Try_WhileAnExperimentServes_SaysWhatItsArmDecidesNow()
    {
        Serve();
        var builder = new ExperimentTableBuilder(new(), _time, NullLogger<ExperimentTableBuilder>.Instance);
        builder.Take([new()
        {
            Name = "e", Plan = new() { Models = [Tables.Model], Arms = [new() { Name = "control", Strategy = "baseline_rr" }, new() { Name = "challenger", Strategy = "baseline_rr" }] }, Standing = new(),
        }]);
        _cache.Swap(_cache.Current with { Experiments = builder.Build() });
        var query = Query with { RequestId = "r" };
        var trial = _router.Try([query], StrategyCatalog.Create("least_queue")).Trials.Single();
        Assert.AreEqual(("baseline_rr", "least_queue", "e"), (trial.Now.Strategy, trial.Then.Strategy, trial.Now.Experiment));
        Assert.AreEqual(("baseline_rr", "baseline_rr"), _router.Try([query], Placement("pin", "n1"), new()).Single() is var both ? (both.Now.Strategy, both.Then.Strategy) : default);
    }

    private RouteTrial[] Try(Policy policy) => _router.Try([Query], policy, new());

    private static Policy Placement(string name, string node) => new() { Name = name, Spec = new() { Kind = PolicyKind.Placement, Placement = new() { Nodes = [node] } } };

    private void Serve(params PolicyRule[] rules)
    {
        // The second one is the worse.
        var rows = Enumerable.Range(0, 2).Select(i => Tables.Row($"n{i}") with { Running = i * 60, SampledAtTicks = _time.GetUtcNow().UtcTicks, Local = _cache.Load($"n{i}", "", Tables.Model) });
        _cache.Swap(new(Tables.Table(rows, rules), 2, 2));
    }
}
