using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using Orleans.Core.Internal;
using Wasmtime;
using static InferMesh.Tests.Cluster.Grains.ExperimentMesh;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Experiments on live silos, with made-up outcomes.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ExperimentTests
{
    [TestMethod]
    public async Task Running_ArmThatIsSlower_IsStoppedByItself_AndNoRequestIsRefused()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var name = await mesh.BeginAsync(Plan(mesh.Model));

        var report = await mesh.RunAsync(name, arm => arm == "challenger" ? 300 : 100, static r => r.Experiment.Standing.Stage != ExperimentStage.Running);

        var standing = report.Experiment.Standing;
        Assert.AreEqual(ExperimentStage.Stopped, standing.Stage);
        CollectionAssert.AreEqual(new[] { "challenger" }, standing.StoppedArms.ToArray());
        CollectionAssert.AreEqual(new[] { ("losing", "challenger"), ("no_challenger", "") }, report.Changes.Select(c => (c.Reason, c.Arm)).ToArray());
        var evidence = report.Changes[0].Evidence!;
        Assert.IsTrue(evidence is { Metric: "ttft_p95", Low: > 0 } && evidence.ControlRequests >= 100 && evidence.ArmRequests >= 100, $"{evidence}");
        CollectionAssert.AreEqual(new[] { 0d, 0 }, report.Arms.Select(a => a.Share).ToArray(), "what policies say serves");

        await EventuallyAsync(() => mesh.RouteAsync(), d => d.Experiment.Length == 0, "no experiment");
        var told = (await EventuallyAsync(EventsAsync, all => all.Count(e => e.Subject == name) >= 3, "the events")).Where(e => e.Subject == name).ToArray();
        CollectionAssert.AreEqual(new[] { EventTypes.ExperimentStarted, EventTypes.ExperimentChanged, EventTypes.ExperimentChanged }, told.Select(e => e.Type).ToArray());
        Assert.AreEqual((2L, 2L), (told[1].VersionAfter, told[2].VersionAfter), "one version with all that happened");
        Assert.AreEqual(("test", "mesh", "losing", "challenger", "ttft_p95"), (told[0].Actor, told[1].Actor, told[1].Reason, told[1].Data["arm"], told[1].Data["metric"]));
    }

    [TestMethod]
    public async Task Running_ArmThatIsFaster_IsPromotedByItself_AndTakenBackWhenItGetsWorse()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var plan = Plan(mesh.Model) with { Promotion = new() { Auto = true, MinRequestsPerArm = 200, MinDurationSeconds = 0, Holdback = 0.3 } };
        var name = await mesh.BeginAsync(plan);

        var promoted = await mesh.RunAsync(name, arm => arm == "challenger" ? 50 : 200, static r => r.Experiment.Standing.Stage is not (ExperimentStage.Running or ExperimentStage.Decided));
        Assert.AreEqual((ExperimentStage.Promoted, "challenger"), (promoted.Experiment.Standing.Stage, promoted.Experiment.Standing.Winner));
        CollectionAssert.AreEqual(new[] { 0.3, 0.7 }, promoted.Arms.Select(a => a.Share).ToArray());
        CollectionAssert.AreEqual(new[] { ("winning", ExperimentStage.Decided), ("winning", ExperimentStage.Promoted) }, promoted.Changes.Select(c => (c.Reason, c.To)).ToArray());

        // As good as ever over all, and worse than the control since it serves.
        var demoted = await mesh.RunAsync(name, arm => arm == "challenger" ? 900 : 200, static r => r.Experiment.Standing.Stage != ExperimentStage.Promoted);
        Assert.AreEqual((ExperimentStage.Demoted, "losing"), (demoted.Experiment.Standing.Stage, demoted.Changes[^1].Reason));
        await EventuallyAsync(() => mesh.RouteAsync(), d => d.Experiment.Length == 0, "no experiment");
    }

    [TestMethod]
    public async Task Running_ArmThatFailsMoreThanItsQuantileAllows_IsStoppedByAnInfiniteFigure()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var name = await mesh.BeginAsync(Plan(mesh.Model) with { Guardrails = [] });

        var report = await mesh.RunAsync(name, static _ => 100, static r => r.Experiment.Standing.Stage != ExperimentStage.Running, static arm => arm == "challenger" ? 0.2 : 0);

        Assert.AreEqual((ExperimentStage.Stopped, "losing"), (report.Experiment.Standing.Stage, report.Changes[0].Reason));
        Assert.IsTrue(report.Changes[0].Evidence is { Value: double.PositiveInfinity, Effect: double.PositiveInfinity, Low: > 0 }, $"{report.Changes[0].Evidence}");
    }

    [TestMethod]
    public async Task Promoted_WinnerThatBeginsToFail_IsTakenBack()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var plan = Plan(mesh.Model) with { Guardrails = [], Promotion = new() { Auto = true, MinRequestsPerArm = 200, MinDurationSeconds = 0, Holdback = 0.3 } };
        var name = await mesh.BeginAsync(plan);
        await mesh.RunAsync(name, static arm => arm == "challenger" ? 50 : 200, static r => r.Experiment.Standing.Stage == ExperimentStage.Promoted);

        var demoted = await mesh.RunAsync(name, static arm => arm == "challenger" ? 50 : 200, static r => r.Experiment.Standing.Stage != ExperimentStage.Promoted, static arm => arm == "challenger" ? 0.3 : 0);

        Assert.AreEqual((ExperimentStage.Demoted, "losing"), (demoted.Experiment.Standing.Stage, demoted.Changes[^1].Reason));
    }

    [TestMethod]
    public async Task Decided_Winner_WaitsForAHand()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var name = await mesh.BeginAsync(Plan(mesh.Model) with { Promotion = new() { MinRequestsPerArm = 200, MinDurationSeconds = 0 } });
        var grain = Client.GetGrain<IExperimentGrain>(name);
        Assert.AreEqual((PolicyStatus.Conflict, true), await grain.Promote(PolicyVersions.Any, "", "ann") is var early ? (early.Status, early.Errors[0].Message.Contains("only a decided one", StringComparison.Ordinal)) : default);

        var decided = await mesh.RunAsync(name, arm => arm == "challenger" ? 50 : 200, static r => r.Experiment.Standing.Stage != ExperimentStage.Running);
        Assert.AreEqual(ExperimentStage.Decided, decided.Experiment.Standing.Stage);
        Assert.AreEqual(PolicyStatus.Conflict, (await grain.Promote(decided.Experiment.Version + 7, "", "ann")).Status, "another version");
        var promoted = await grain.Promote(decided.Experiment.Version, "looks good", "ann");
        Assert.AreEqual((PolicyStatus.Accepted, ExperimentStage.Promoted, "ann"), (promoted.Status, promoted.Experiment!.Standing.Stage, promoted.Experiment.ChangedBy));
        Assert.AreEqual(("operator", "ann", "looks good"), (await grain.Read())!.Changes[^1] is var change ? (change.Reason, change.Actor, change.Note) : default);
        Assert.AreEqual(ExperimentStage.Demoted, (await grain.Demote(PolicyVersions.Any, "", "ann")).Experiment!.Standing.Stage);
        Assert.AreEqual(PolicyStatus.Conflict, (await grain.Stop(PolicyVersions.Any, "", "ann")).Status, "it has ended");
    }

    [TestMethod]
    public async Task Running_OutcomesOfOneArmAreLost_SaysSoAndPromotesNothing()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var name = await mesh.BeginAsync(Plan(mesh.Model) with { Promotion = new() { Auto = true, MinRequestsPerArm = 1000, MinDurationSeconds = 0 } });

        // Its slow half is reported as wrong requests, and what is left looks twice as fast.
        var report = await mesh.RunAsync(name, arm => arm == "challenger" ? Random.Shared.Next(2) == 0 ? null : 50 : 200, static r => r.Experiment.Standing.Warning.Length > 0 || r.Experiment.Standing.Stage == ExperimentStage.Promoted);

        Assert.Contains("did not get their share", report.Experiment.Standing.Warning);
        await Task.Delay(1000);
        var later = (await Client.GetGrain<IExperimentGrain>(name).Read())!;
        Assert.IsTrue(later.Experiment.Standing.Stage is ExperimentStage.Running or ExperimentStage.Decided, $"{later.Experiment.Standing}");
        Assert.AreEqual(PolicyStatus.Conflict, (await Client.GetGrain<IExperimentGrain>(name).Promote(PolicyVersions.Any, "", "ann")).Status);
        await EventuallyAsync(EventsAsync, all => all.Any(e => e.Subject == name && e.Type == EventTypes.ExperimentWarned), "the warning");
    }

    [TestMethod]
    public async Task Paused_TakesNobodyAndDecidesNothing_CountsWhatWasOnItsWay_AndGoesOn()
    {
        await using var mesh = await StartAsync();
        var name = await mesh.BeginAsync(Plan(mesh.Model));
        var grain = Client.GetGrain<IExperimentGrain>(name);
        Assert.Contains("not paused", (await grain.Resume(PolicyVersions.Any, "", "ann")).Errors.Single().Message);
        await mesh.RunAsync(name, static _ => 100, static r => r.Arms.Sum(a => a.Requests) >= 200);
        var last = await Router().RouteBatch([.. Enumerable.Range(0, 50).Select(_ => new RouteQuery { Model = mesh.Model, RequestId = Guid.NewGuid().ToString("N") })], []);
        Assert.IsTrue(last.All(d => d.Experiment == name));

        var paused = await grain.Pause(PolicyVersions.Any, "an incident", "ann");
        Assert.AreEqual((PolicyStatus.Accepted, ExperimentStage.Running, true), (paused.Status, paused.Experiment!.Standing.Stage, paused.Experiment.Standing.IsPaused));
        Assert.AreEqual(PolicyStatus.Conflict, (await grain.Pause(PolicyVersions.Any, "", "ann")).Status);
        for (var seen = new HashSet<string>(); seen.Count < 2;)
        {
            var decision = await mesh.RouteAsync();
            if (decision.Experiment.Length == 0) seen.Add(decision.Silo);
        }
        var counted = mesh.Reported;
        await EventuallyAsync(() => grain.Read(), r => r!.Arms.Sum(a => a.Requests) == counted, "all that was reported before");
        // Outcomes so bad that the arm would be stopped, were anybody to judge.
        var outcomes = last.Select(d => new RouteOutcome { DecisionId = d.DecisionId, NodeId = d.Targets[0].NodeId, TtftMs = d.Arm == "challenger" ? 60_000 : 10, LatencyMs = 60_000 }).ToArray();
        await Router().RouteBatch([], outcomes);
        var report = await EventuallyAsync(() => grain.Read(), r => r!.Arms.Sum(a => a.Requests) == counted + 50, "what was on its way");
        CollectionAssert.AreEqual(new[] { 0d, 0 }, report!.Arms.Select(a => a.Share).ToArray());
        Assert.AreEqual(("paused", "ann", "an incident"), report.Changes[^1] is var change ? (change.Reason, change.Actor, change.Note) : default);
        await Silos.DeactivateAsync(grain);
        Assert.IsTrue((await grain.Get())!.Standing.IsPaused);

        var resumed = (await grain.Resume(PolicyVersions.Any, "", "ann")).Experiment!.Standing;
        Assert.IsTrue(resumed is { IsPaused: false, Stage: ExperimentStage.Running } && resumed.PausedFor > TimeSpan.Zero, $"{resumed}");
        var ended = await mesh.RunAsync(name, arm => arm == "challenger" ? 300 : 100, static r => r.Experiment.Standing.Stage != ExperimentStage.Running);
        Assert.AreEqual((ExperimentStage.Stopped, resumed.PausedFor), (ended.Experiment.Standing.Stage, ended.Experiment.Standing.PausedFor));
        Assert.IsGreaterThan(counted + 50, ended.Arms.Sum(a => a.Requests));
        Assert.Contains("nothing to pause", (await grain.Pause(PolicyVersions.Any, "", "ann")).Errors.Single().Message);
    }

    [TestMethod]
    public async Task Paused_WinnerIsNotPromoted_AndAStopEndsThePause()
    {
        await using var mesh = await StartAsync();
        var name = await mesh.BeginAsync(Plan(mesh.Model) with { Promotion = new() { MinRequestsPerArm = 200, MinDurationSeconds = 0, WatchSeconds = 3600 } });
        await mesh.RunAsync(name, arm => arm == "challenger" ? 50 : 200, static r => r.Experiment.Standing.Stage == ExperimentStage.Decided);
        var grain = Client.GetGrain<IExperimentGrain>(name);
        await grain.Pause(PolicyVersions.Any, "", "ann");
        Assert.Contains("resume it before", (await grain.Promote(PolicyVersions.Any, "", "ann")).Errors.Single().Message);
        await grain.Resume(PolicyVersions.Any, "", "ann");
        var promoted = (await grain.Promote(PolicyVersions.Any, "", "ann")).Experiment!.Standing;
        await grain.Pause(PolicyVersions.Any, "", "ann");
        await Task.Delay(50);
        var resumed = (await grain.Resume(PolicyVersions.Any, "", "ann")).Experiment!.Standing;
        Assert.AreEqual(resumed.PausedFor - promoted.PausedFor, resumed.StageAt - promoted.StageAt, "it was not watched meanwhile");
        await grain.Pause(PolicyVersions.Any, "", "ann");
        var demoted = (await grain.Demote(PolicyVersions.Any, "", "ann")).Experiment!.Standing;
        Assert.AreEqual((ExperimentStage.Demoted, false), (demoted.Stage, demoted.IsPaused));
    }

    [TestMethod]
    public async Task Split_Session_HasOneArmOnAllSilos()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        await mesh.BeginAsync(Plan(mesh.Model) with { Unit = SplitUnit.Session, DesignEffect = 2 });
        Assert.AreEqual("", (await mesh.RouteAsync()).Experiment, "a request without a session takes no part");
        foreach (var session in Enumerable.Range(0, 12).Select(i => $"session-{i}"))
        {
            var arms = new HashSet<string>();
            var silos = new HashSet<string>();
            for (var i = 0; i < 200 && (silos.Count < 2 || i < 4); i++)
            {
                var decision = await Router(i).DryRun(new() { Model = mesh.Model, Session = session, RequestId = $"{i}" });
                arms.Add($"{decision.Arm}={decision.Strategy}");
                silos.Add(decision.Silo);
            }
            Assert.HasCount(2, silos, "both silos were asked");
            Assert.HasCount(1, arms, string.Join(", ", arms));
        }
    }

    [TestMethod]
    public async Task KilledSilo_StateAndOutcomesSurvive_AndTheExperimentGoesOn()
    {
        var third = await Silos.StartAdditionalSiloAsync();
        await using var mesh = await ExperimentMesh.StartAsync();
        var names = new List<string>();
        // Several, so that the grain of one may well live on the silo that dies.
        for (var i = 0; i < 4; i++) names.Add(await mesh.BeginAsync(Plan($"{mesh.Model}-other-{i}")));
        var name = await mesh.BeginAsync(Plan(mesh.Model));
        var before = await mesh.RunAsync(name, static _ => 100, static r => r.Arms.Sum(a => a.Requests) >= 600);
        // Reports and the store have their seconds.
        await Task.Delay(TimeSpan.FromSeconds(2.5));

        await Silos.KillSiloAsync(third);

        var report = await mesh.RunAsync(name, arm => arm == "challenger" ? 400 : 100, static r => r.Experiment.Standing.Stage != ExperimentStage.Running);
        Assert.AreEqual(ExperimentStage.Stopped, report.Experiment.Standing.Stage);
        Assert.IsGreaterThanOrEqualTo(before.Arms.Sum(a => a.Requests), report.Arms.Sum(a => a.Requests));
        foreach (var other in names) Assert.AreEqual(ExperimentStage.Running, (await Client.GetGrain<IExperimentGrain>(other).Get())!.Standing.Stage);
    }

    [TestMethod]
    public async Task Arm_ThatIsAPlugin_ServesByIt_AndKeepsIt()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var plugin = Unique("plugin").Replace('-', '_');
        var plan = Plan(mesh.Model) with { Arms = [new() { Name = "control", Strategy = "least_queue" }, new() { Name = "challenger", Strategy = plugin }] };
        var unknown = await Client.GetGrain<IExperimentGrain>(Unique("experiment")).Create(plan, "test");
        Assert.AreEqual((PolicyStatus.Invalid, "arms[1].strategy"), (unknown.Status, unknown.Errors.Single().Field));
        Assert.AreEqual(PluginStatus.Accepted, (await Client.GetGrain<IPluginGateGrain>(0).Push(new(PluginArchive.Of(plugin, "1.0.0"), true, false), "test")).Status);
        Assert.AreEqual(PluginStatus.Accepted, (await Client.GetGrain<IPluginGrain>(plugin).Enable("", false, "test")).Status);

        var name = await mesh.BeginAsync(plan);
        Assert.AreEqual($"{plugin}@1.0.0", (await Client.GetGrain<IExperimentGrain>(name).Get())!.Plan.Arms[1].Strategy, "another version would be another arm");

        await EventuallyAsync(() => mesh.RouteAsync(), d => d.Arm == "challenger" && d.Strategy == $"{plugin}@1.0.0", "the plugin");
        CollectionAssert.AreEqual(new[] { $"experiment/{name}/challenger" }, (await Client.GetGrain<IPluginGrain>(plugin).Disable(false, "test")).UsedBy.ToArray());
        await Client.GetGrain<IExperimentGrain>(name).Stop(PolicyVersions.Any, "", "test");
        Assert.AreEqual(PluginStatus.Accepted, (await EventuallyAsync(() => Client.GetGrain<IPluginGrain>(plugin).Disable(false, "test"), r => r.Status == PluginStatus.Accepted, "nobody names it")).Status);
        await Client.GetGrain<IPluginGrain>(plugin).Remove("", true, "test");
    }

    [TestMethod]
    public async Task Arm_WhosePluginFails_IsJudgedByItsFallbackAndSaidToBe()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var plugin = Unique("plugin").Replace('-', '_');
        var module = Module.ConvertText("""
            (module (memory (export "memory") 16) (func (export "im_abi_version") (result i32) i32.const 1) (func (export "im_columns") (result i64) i64.const 0)
              (func (export "im_reserve") (param i32) (result i32) i32.const 65536) (func (export "im_rank") (param i32) (result i32) unreachable))
            """);
        var pushed = await Client.GetGrain<IPluginGateGrain>(0).Push(new(PluginArchive.Of(plugin, "1.0.0", [], module), true, false), "test");
        Assert.AreEqual(PluginStatus.Accepted, pushed.Status, string.Join("; ", pushed.Errors));
        Assert.AreEqual(PluginStatus.Accepted, (await Client.GetGrain<IPluginGrain>(plugin).Enable("", false, "test")).Status);
        var name = await mesh.BeginAsync(Plan(mesh.Model) with
        {
            Arms = [new() { Name = "control", Strategy = "least_queue" }, new() { Name = "challenger", Strategy = plugin }],
            Promotion = new() { Auto = true, MinRequestsPerArm = 20_000, MinDurationSeconds = 0 },
        });

        var report = await mesh.RunAsync(name, static _ => 100, static r => r.Experiment.Standing.Warning.Length > 0);

        Assert.Contains("the fallback of the plugin of arm challenger decided 100.0 %", report.Experiment.Standing.Warning);
        Assert.IsTrue(report.Arms[0].Fallbacks == 0 && report.Arms[1].Fallbacks == report.Arms[1].Requests, string.Join("; ", report.Arms));
        await Client.GetGrain<IExperimentGrain>(name).Stop(PolicyVersions.Any, "", "test");
        await Client.GetGrain<IPluginGrain>(plugin).Remove("", true, "test");
    }

    [TestMethod]
    public async Task Index_BeginsAnewWhileAnExperimentCannotBeRead_ListsNoneWithoutIt()
    {
        var name = Unique("experiment");
        var grain = Client.GetGrain<IExperimentGrain>(name);
        var begun = await grain.Create(Plan(Unique("model")), "test");
        Assert.AreEqual((PolicyStatus.Accepted, name, 2), (begun.Status, begun.Report?.Experiment.Name, begun.Report?.Arms.Count), "what was made needs no second call");
        var index = Client.GetGrain<IExperimentIndexGrain>(IExperimentIndexGrain.Key);
        var before = await index.List();
        FailingCalls.FailNext($"experiment/{name}", "History");
        await index.AsReference<IGrainManagementExtension>().DeactivateOnIdle();

        var after = await EventuallyAsync(index.List, l => l.Incarnation != before.Incarnation, "a new index");

        Assert.IsTrue(after.Experiments.Any(e => e.Name == name), "its arms would stop serving on all silos");
        await grain.Delete(PolicyVersions.Any, "", "test");
    }

    [TestMethod]
    public async Task Create_WrongPlan_NamesAllThatIsWrong()
    {
        var grain = Client.GetGrain<IExperimentGrain>(Unique("experiment"));
        var wrong = await grain.Create(Plan("m") with { Arms = [new() { Name = "a", Strategy = "mesh" }, new() { Name = "b", Strategy = "nothing" }], Primary = "ttft_q95" }, "test");
        Assert.AreEqual(PolicyStatus.Invalid, wrong.Status);
        CollectionAssert.AreEquivalent(new[] { "arms[1].strategy", "primary" }, wrong.Errors.Select(e => e.Field).ToArray(), string.Join("; ", wrong.Errors));
        Assert.IsNull(await grain.Read());
    }
}
