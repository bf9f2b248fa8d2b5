using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Experiments;
using InferMesh.Grains.Options;
using InferMesh.Grains.Policies;
using InferMesh.Grains.Routing;
using InferMesh.Strategies.Routing;
using InferMesh.Tests.Unit.Grains.Routing;
using InferMesh.Tests.Unit.Strategies;
using InferMesh.Tests.Unit.Strategies.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Experiments;

[TestClass]
public sealed class ExperimentTableTests
{
    private readonly ManualTime _time = new();
    private readonly ExperimentTableBuilder _builder;

    private readonly PolicyStrategies _strategies = new();

    public ExperimentTableTests() => _builder = new(_strategies, _time, NullLogger<ExperimentTableBuilder>.Instance);

    [TestMethod]
    public void ArmOf_RunningExperiment_SplitsItsRequestsAndNoOthers()
    {
        _builder.Take([Experiment("a")]);
        var table = _builder.Build();
        var arms = Requests(1000).Select(r => table.ArmOf(r, null)!).CountBy(a => (a.Name, a.Strategy.Name)).ToDictionary();
        Assert.IsTrue(arms.Count == 2 && arms.Values.All(n => n > 400), string.Join(", ", arms));
        Assert.IsTrue(arms.ContainsKey(("challenger", "mesh")));
        Assert.IsNull(table.ArmOf(new() { Model = "other", RequestId = "r" }, null));
        Assert.IsNull(table.ArmOf(new() { Model = "m" }, null), "a request that has no id takes no part");
        Assert.IsTrue(table.WantsPrefix("m") == false && table.HeadersFor("m").Count == 0);
    }

    [TestMethod]
    public void ArmOf_ByStage_IsThatOfWhoServes()
    {
        Assert.AreEqual("", Names(Standing(ExperimentStage.Stopped)));
        Assert.AreEqual("", Names(Standing(ExperimentStage.Demoted)));
        Assert.AreEqual("challenger", Names(Standing(ExperimentStage.Kept)));
        Assert.AreEqual("challenger,control", Names(Standing(ExperimentStage.Promoted)));
        Assert.AreEqual("control", Names(Standing(ExperimentStage.Running) with { StoppedArms = ["challenger"], Winner = "" }));

        static ExperimentStanding Standing(ExperimentStage stage) => new() { Stage = stage, Winner = "challenger" };

        string Names(ExperimentStanding standing)
        {
            _builder.Take([Experiment("a") with { Standing = standing }]);
            var table = _builder.Build();
            return string.Join(',', Requests(500).Select(r => table.ArmOf(r, null)?.Name).OfType<string>().Distinct().Order(StringComparer.Ordinal));
        }
    }

    [TestMethod]
    public void ArmOf_ByHeader_IsThatOfItsValue()
    {
        _builder.Take([Experiment("a", e => e with { Unit = SplitUnit.Header, Header = "X-User", DesignEffect = 2 })]);
        var table = _builder.Build();
        CollectionAssert.AreEqual(new[] { "x-user" }, table.HeadersFor("m").ToArray());
        Assert.IsEmpty(table.HeadersFor("other"));
        var request = new RoutingRequest { Model = "m", RequestId = "r" };
        Assert.IsNull(table.ArmOf(request, null));
        var arms = Enumerable.Range(0, 100).Select(i => table.ArmOf(request, new Dictionary<string, string> { ["x-user"] = $"user-{i}" })!.Name).Distinct().Count();
        Assert.AreEqual(2, arms);
    }

    [TestMethod]
    public void ArmOf_SeveralExperiments_IsOfTheFirstThatTheRequestTakesPartIn()
    {
        _builder.Take([Experiment("a", e => e with { Share = 0.3 }), Experiment("b")]);
        var table = _builder.Build();
        var counts = Requests(1000).Select(r => table.ArmOf(r, null)!.Experiment).CountBy(e => e).ToDictionary();
        Assert.IsTrue(counts["a"] is > 200 and < 400 && counts["b"] == 1000 - counts["a"], string.Join(", ", counts));
    }

    [TestMethod]
    public void Build_NextVersion_KeepsWhatWasCounted_AndANewExperimentDoesNot()
    {
        _builder.Take([Experiment("a")]);
        var first = _builder.Build();
        Assert.AreSame(first, _builder.Build(), "nothing has changed");
        first.All[0].Arms[0].End(new(0.1, 0.2, double.NaN, false));
        _builder.Take([Experiment("a") with { Version = 2, Standing = Running() with { Stage = ExperimentStage.Decided, Winner = "challenger" } }]);
        Assert.AreEqual(1, _builder.Build().All[0].Counts!.Arms[0].Tally.Requests);

        _time.Advance(TimeSpan.FromSeconds(1));
        _builder.Take([Experiment("a") with { Version = 4, Standing = Running() with { StartedAt = DateTimeOffset.UnixEpoch.AddDays(1) } }]);
        var again = _builder.Build().All[0].Counts!;
        Assert.AreEqual(0, again.Arms[0].Tally.Requests);
        Assert.IsGreaterThan(first.All[0].Counts!.Life, again.Life);

        _builder.Take([Experiment("a") with { Version = 5, Standing = Running() with { Stage = ExperimentStage.Kept, Winner = "challenger" } }]);
        Assert.IsNull(_builder.Build().All[0].Counts, "outcomes change nothing any more");
    }

    [TestMethod]
    public void Build_PausedExperiment_TakesNobody_AndGoesOnCounting()
    {
        _builder.Take([Experiment("a", e => e with { Unit = SplitUnit.Header, Header = "x-user", DesignEffect = 2 }), Experiment("b")]);
        var before = _builder.Build().All[1];
        before.Arms[0].Begin();
        _builder.Take([
            Experiment("a", e => e with { Unit = SplitUnit.Header, Header = "x-user", DesignEffect = 2 }) with { Version = 2, Standing = Running() with { PausedAt = DateTimeOffset.UnixEpoch } },
            Experiment("b") with { Version = 2, Standing = Running() with { PausedAt = DateTimeOffset.UnixEpoch } },
        ]);
        var table = _builder.Build();
        Assert.IsNull(table.ArmOf(new() { Model = "m", RequestId = "r" }, new Dictionary<string, string> { ["x-user"] = "ann" }));
        Assert.IsEmpty(table.HeadersFor("m"));
        // What was assigned before counts with what comes of it.
        before.Arms[0].End(new(0.1, 0.2, double.NaN, false));
        Assert.AreEqual((1L, 0L), (table.All[1].Counts!.Arms[0].Tally.Requests, table.All[1].Counts!.Arms[0].InFlight));

        _builder.Take([Experiment("b") with { Version = 3 }]);
        var after = _builder.Build().All.Single();
        Assert.AreEqual((1L, before.Counts!.Life), (after.Counts!.Arms[0].Tally.Requests, after.Counts.Life));
        Assert.IsNotNull(after.ArmOf(new() { Model = "m", RequestId = "r" }, null));
    }

    [TestMethod]
    public void Build_StrategyThatThisVersionDoesNotKnow_ServesNothing()
    {
        _builder.Take([Experiment("a", e => e with { Arms = [e.Arms[0], e.Arms[1] with { Parameters = new Dictionary<string, double> { ["no_such"] = 1 } }] }), Experiment("b")]);
        Assert.AreEqual("b", _builder.Build().All.Single().Name);
    }

    [TestMethod]
    public void Build_ExperimentThatCannotBeRead_LeavesOutThatOneAlone()
    {
        _builder.Take([
            Experiment("a", e => e with { Primary = "joules_p95" }),
            Experiment("b") with { Standing = Running() with { Stage = ExperimentStage.Kept, Winner = "nobody" } },
            Experiment("c"),
        ]);
        Assert.AreEqual("c", _builder.Build().All.Single().Name);
        var (table, made) = (_builder.Build(), _builder.Strategies.ToArray());
        Assert.AreSame(table, _builder.Build(), "nothing has changed");
        CollectionAssert.AreEqual(made, _builder.Strategies.ToArray(), "and no strategy is made anew");
        _strategies.Keep(_builder.Strategies);
        _builder.Build();
        CollectionAssert.AreEqual(made, _builder.Strategies.ToArray());
    }

    [TestMethod]
    public void Build_SiloWithoutThePluginOfAnArm_LeavesTheExperimentOut()
    {
        var strategies = new PolicyStrategies(static _ => null);
        var builder = new ExperimentTableBuilder(strategies, _time, NullLogger<ExperimentTableBuilder>.Instance);
        var plugin = Experiment("a", e => e with { Arms = [e.Arms[0], e.Arms[1] with { Strategy = "my_plugin@1.0.0" }] });
        builder.Take([plugin, Experiment("b")]);
        Assert.AreEqual("b", builder.Build().All.Single().Name);
        strategies.Keep(builder.Build().All.SelectMany(e => e.Arms).Select(a => a.Strategy).Concat(builder.Strategies));
        Assert.AreEqual("my_plugin@1.0.0", $"{strategies.Named.Single()}", "the silo goes on asking for it");

        builder.Take([plugin with { Standing = Running() with { StoppedArms = ["challenger"] } }]);
        Assert.AreEqual("a", builder.Build().All.Single().Name, "a stopped arm serves nothing");
    }

    [TestMethod]
    public void Build_PluginOfAnArmInQuarantine_LeavesTheExperimentOutUntilItIsLoadedAnew()
    {
        using var host = Packages.Host();
        using var first = Packages.Load(host, Packages.Wasm(Packages.Text(Packages.Pick())));
        var served = first;
        var builder = new ExperimentTableBuilder(new PolicyStrategies(_ => served), _time, NullLogger<ExperimentTableBuilder>.Instance);
        builder.Take([Experiment("a", e => e with { Arms = [e.Arms[0], e.Arms[1] with { Strategy = "guest@1.0.0" }] })]);
        Assert.AreEqual("guest@1.0.0", builder.Build().All.Single().Arms[1].Strategy.Name);

        first.Guard.Quarantine();
        Assert.IsEmpty(builder.Build().All, "its fallback would be judged in its place");

        using var again = Packages.Load(host, Packages.Wasm(Packages.Text(Packages.Pick())));
        served = again;
        Assert.HasCount(1, builder.Build().All);
    }

    [TestMethod]
    public void Decide_FallbackOfTheArmsPlugin_IsCountedAsSuch()
    {
        using var host = Packages.Host();
        using var plugin = Packages.Load(host, Packages.Wasm(Packages.Text("unreachable")));
        var builder = new ExperimentTableBuilder(new PolicyStrategies(_ => plugin), _time, NullLogger<ExperimentTableBuilder>.Instance);
        builder.Take([Experiment("a", e => e with { Models = [Tables.Model], Arms = [e.Arms[0], e.Arms[1] with { Strategy = "guest@1.0.0" }] })]);
        var (cache, experiments) = (new RoutingTableCache(), builder.Build());
        cache.Swap(new(Tables.Table([Tables.Row("n0") with { SampledAtTicks = _time.GetUtcNow().UtcTicks }]), 1, 1) { Experiments = experiments });
        using var ledger = new ReservationLedger(new LocalSilo(), _time, Options.Create(new RoutingSettings()), new(cache));
        var router = new Router(cache, ledger, new(Options.Create(new RoutingSettings())), new LocalSilo(), _time);
        foreach (var i in Enumerable.Range(0, 200))
        {
            var decision = router.Decide(new() { Model = Tables.Model, RequestId = $"r-{i}" }, dryRun: false);
            Assert.IsTrue(ReservationLedger.TryParse(decision.DecisionId, out var number, out _) && ledger.Settle(number, new() { DecisionId = decision.DecisionId }), $"{decision.Status}");
        }
        var (control, challenger) = (experiments.All[0].Arms[0].Count!.Tally, experiments.All[0].Arms[1].Count!.Tally);
        Assert.AreEqual((200L, 0L), (control.Requests + challenger.Requests, control.Fallbacks));
        Assert.IsTrue(challenger.Fallbacks > 0 && challenger.Fallbacks == challenger.Requests, $"{challenger.Fallbacks} of {challenger.Requests}");
    }

    private static RoutingRequest[] Requests(int count) => [.. Enumerable.Range(0, count).Select(i => new RoutingRequest { Model = "m", RequestId = $"r-{i}" })];

    private static ExperimentStanding Running() => new() { StartedAt = DateTimeOffset.UnixEpoch };

    private static MeshExperiment Experiment(string name, Func<ExperimentPlan, ExperimentPlan>? change = null)
    {
        var plan = new ExperimentPlan { Models = ["m"], Arms = [new() { Name = "control", Strategy = "least_queue" }, new() { Name = "challenger", Strategy = "mesh" }] };
        return new() { Name = name, Version = 1, Plan = change?.Invoke(plan) ?? plan, Standing = Running() };
    }
}
