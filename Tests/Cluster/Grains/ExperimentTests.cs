using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using Orleans.Core.Internal;
using Wasmtime;
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
        await using var mesh = await TestMesh.StartAsync();
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
        await using var mesh = await TestMesh.StartAsync();
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
        await using var mesh = await TestMesh.StartAsync();
        var name = await mesh.BeginAsync(Plan(mesh.Model) with { Guardrails = [] });

        var report = await mesh.RunAsync(name, static _ => 100, static r => r.Experiment.Standing.Stage != ExperimentStage.Running, static arm => arm == "challenger" ? 0.2 : 0);

        Assert.AreEqual((ExperimentStage.Stopped, "losing"), (report.Experiment.Standing.Stage, report.Changes[0].Reason));
        Assert.IsTrue(report.Changes[0].Evidence is { Value: double.PositiveInfinity, Effect: double.PositiveInfinity, Low: > 0 }, $"{report.Changes[0].Evidence}");
    }

    [TestMethod]
    public async Task Promoted_WinnerThatBeginsToFail_IsTakenBack()
    {
        await using var mesh = await TestMesh.StartAsync();
        var plan = Plan(mesh.Model) with { Guardrails = [], Promotion = new() { Auto = true, MinRequestsPerArm = 200, MinDurationSeconds = 0, Holdback = 0.3 } };
        var name = await mesh.BeginAsync(plan);
        await mesh.RunAsync(name, static arm => arm == "challenger" ? 50 : 200, static r => r.Experiment.Standing.Stage == ExperimentStage.Promoted);

        var demoted = await mesh.RunAsync(name, static arm => arm == "challenger" ? 50 : 200, static r => r.Experiment.Standing.Stage != ExperimentStage.Promoted, static arm => arm == "challenger" ? 0.3 : 0);

        Assert.AreEqual((ExperimentStage.Demoted, "losing"), (demoted.Experiment.Standing.Stage, demoted.Changes[^1].Reason));
    }

    [TestMethod]
    public async Task Decided_Winner_WaitsForAHand()
    {
        await using var mesh = await TestMesh.StartAsync();
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
        await using var mesh = await TestMesh.StartAsync();
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
    public async Task Split_Session_HasOneArmOnAllSilos()
    {
        await using var mesh = await TestMesh.StartAsync();
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
        await using var mesh = await TestMesh.StartAsync();
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
        await using var mesh = await TestMesh.StartAsync();
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
        await using var mesh = await TestMesh.StartAsync();
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

    private static ExperimentPlan Plan(string model) => new()
    {
        Arms = [new() { Name = "control", Strategy = "least_queue" }, new() { Name = "challenger", Strategy = "baseline_rr" }],
        Models = [model],
        MinRequestsPerArm = 100,
        Guardrails = [new() { Metric = "error_rate", Margin = 0.2 }],
    };

    /// <summary>A model on one node, with experiments on it.</summary>
    private sealed class TestMesh(string model, IAsyncDisposable reporter) : IAsyncDisposable
    {
        private readonly List<string> _experiments = [];

        public string Model => model;

        public static async Task<TestMesh> StartAsync()
        {
            var (model, node) = (Unique("model"), Unique("node"));
            await RegisterAsync(node, Unique("cell"));
            // Room for all that is in flight at once: outcomes arrive beside the requests that follow.
            var reporter = KeepReporting(node, model, static t => t with { Runtimes = [.. t.Runtimes!.Select(r => r with { Models = [.. r.Models.Select(m => m with { MaxConcurrency = 100_000 })] })] });
            var mesh = new TestMesh(model, reporter);
            // Routers answer from either silo, and each has to know the node.
            for (var seen = new HashSet<string>(); seen.Count < 2;)
            {
                var decision = await mesh.RouteAsync();
                if (decision.Status == RouteStatus.Routed) seen.Add(decision.Silo);
                else await Task.Delay(50);
            }
            return mesh;
        }

        public async Task<string> BeginAsync(ExperimentPlan plan)
        {
            var name = Unique("experiment");
            _experiments.Add(name);
            var begun = await Client.GetGrain<IExperimentGrain>(name).Create(plan, "test");
            Assert.AreEqual(PolicyStatus.Accepted, begun.Status, string.Join("; ", begun.Errors));
            if (plan.Unit != SplitUnit.Request || plan.Models[0] != Model) return name;
            // Within seconds on every silo.
            for (var seen = new HashSet<string>(); seen.Count < 2;)
            {
                var decision = await RouteAsync();
                if (decision.Experiment == name) seen.Add(decision.Silo);
            }
            return name;
        }

        public Task<RouteDecision> RouteAsync() => Router(Random.Shared.Next(64)).DryRun(new() { Model = Model, RequestId = Guid.NewGuid().ToString("N") }).AsTask();

        /// <summary>Sends requests until the experiment is as it should be.</summary>
        /// <param name="name">Experiment.</param>
        /// <param name="ttftMs">About how long the first token of a request takes, by its arm; null when what came of it says nothing.</param>
        /// <param name="until">When it ends.</param>
        /// <param name="failing">Share of the requests that fail, by their arm.</param>
        public async Task<ExperimentReport> RunAsync(string name, Func<string, double?> ttftMs, Func<ExperimentReport, bool> until, Func<string, double>? failing = null)
        {
            var outcomes = new List<RouteOutcome>();
            for (var requests = 0; requests < 40_000; requests += 50)
            {
                var queries = Enumerable.Range(0, 50).Select(_ => new RouteQuery { Model = Model, RequestId = Guid.NewGuid().ToString("N") }).ToArray();
                var decisions = await SendAsync(queries, [.. outcomes]);
                outcomes.Clear();
                foreach (var decision in decisions)
                {
                    Assert.AreEqual(RouteStatus.Routed, decision.Status, $"{decision.RetryAfter} {string.Join("; ", decision.Errors)}");
                    if (failing?.Invoke(decision.Arm) > Random.Shared.NextDouble())
                    {
                        // No node is blamed: it would be shut out.
                        outcomes.Add(new() { DecisionId = decision.DecisionId, Status = OutcomeStatus.Rejected });
                        continue;
                    }
                    if (ttftMs(decision.Arm) is not { } ms)
                    {
                        outcomes.Add(new() { DecisionId = decision.DecisionId, Status = OutcomeStatus.Rejected, TtftMs = 1 });
                        continue;
                    }
                    var ttft = ms * Math.Exp(0.3 * (Random.Shared.NextDouble() + Random.Shared.NextDouble() - 1));
                    outcomes.Add(new() { DecisionId = decision.DecisionId, NodeId = decision.Targets[0].NodeId, TtftMs = ttft, LatencyMs = ttft });
                }
                if (await ReadAsync(name) is { } report && until(report)) return report;
            }
            throw new AssertFailedException($"{name}: still {await ReadAsync(name)}");
        }

        // A call that a dying silo takes with it is made again, as the API does; a decision is never a refusal.
        private static async Task<RouteDecision[]> SendAsync(RouteQuery[] queries, RouteOutcome[] outcomes)
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    return await Router(Random.Shared.Next(64)).RouteBatch(queries, outcomes);
                }
                catch (Exception e) when (e is TimeoutException or OrleansException && attempt < 50)
                {
                    await Task.Delay(100);
                }
            }
        }

        private static async Task<ExperimentReport?> ReadAsync(string name)
        {
            try
            {
                return await Client.GetGrain<IExperimentGrain>(name).Read();
            }
            catch (Exception e) when (e is TimeoutException or OrleansException)
            {
                return null;
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var name in _experiments) await Client.GetGrain<IExperimentGrain>(name).Delete(PolicyVersions.Any, "", "test");
            await reporter.DisposeAsync();
        }
    }
}
