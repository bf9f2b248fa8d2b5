using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Strategies that learn, in silos: what they are told and how long they remember it.</summary>
[TestClass]
public sealed class LearningTests
{
    private const double FailureSeconds = 50;

    [TestMethod]
    public async Task Report_Failures_ReachTheStrategyAndOutliveTables()
    {
        var (policy, model, cell) = (Unique("policy"), Unique("model"), Unique("cell"));
        var (bad, good) = (Unique("node"), Unique("node"));
        foreach (var node in new[] { bad, good }) await RegisterAsync(node, cell);
        await Client.GetGrain<IPolicyGrain>(policy).Put(
            new() { Kind = PolicyKind.Routing, Models = [model], Routing = new() { Strategy = "hybrid_mesh", Parameters = new Dictionary<string, double> { ["failure_seconds"] = FailureSeconds } } },
            PolicyVersions.None, "test");
        await using var first = KeepReporting(bad, model);
        await using var second = KeepReporting(good, model);
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d is { Eligible: 2, Strategy: "hybrid_mesh" }, "two nodes");

        // Each silo learns on its own: the one that hears of a failure is the one to watch.
        var failed = await EventuallyAsync(
            async () =>
            {
                var decision = await Router().Route(new() { Model = model, PromptTokens = 100 });
                var status = decision.Targets[0].NodeId == bad ? OutcomeStatus.Error : OutcomeStatus.Success;
                await Router().Report(new() { DecisionId = decision.DecisionId, NodeId = decision.Targets[0].NodeId, Status = status });
                return decision;
            },
            // A silo may hear of the policy later than the one that was asked first: until then nobody there learns.
            d => d.Strategy == "hybrid_mesh" && d.Targets[0].NodeId == bad, "a request that fails");
        var later = await EventuallyAsync(
            () => Router().DryRun(new() { Model = model, PromptTokens = 100 }).AsTask(), d => d.Silo == failed.Silo && d.TableVersion >= failed.TableVersion + 5, "five more tables");

        CollectionAssert.AreEqual(new[] { good, bad }, later.Targets.Select(t => t.NodeId).ToArray());
        Assert.IsGreaterThan(FailureSeconds / 10, later.Targets[1].Cost.Uncertainty, "what was learned is gone");
        await Client.GetGrain<IPolicyGrain>(policy).Delete(PolicyVersions.Any, "test");
    }

    [TestMethod]
    public async Task Route_PromptsOfASession_GoToTheSameNode()
    {
        var (policy, model, cell) = (Unique("policy"), Unique("model"), Unique("cell"));
        var nodes = Enumerable.Range(0, 4).Select(_ => Unique("node")).ToArray();
        foreach (var node in nodes) await RegisterAsync(node, cell);
        await Client.GetGrain<IPolicyGrain>(policy).Put(new() { Kind = PolicyKind.Routing, Models = [model], Routing = new() { Strategy = "prefix_mesh" } }, PolicyVersions.None, "test");
        var reporters = nodes.Select(n => KeepReporting(n, model)).ToArray();
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d is { Eligible: 4, PrefixWanted: true }, "four nodes");

        // Each silo knows what it sent itself.
        var homes = new Dictionary<string, string>();
        for (var turn = 0; turn < 12; turn++)
        {
            var prompt = Enumerable.Range(1, 100 + turn).Select(i => (ulong)i * 0x9E3779B97F4A7C15UL).ToArray();
            var decision = await Router().Route(new() { Model = model, PromptTokens = 16 * prompt.Length, OutputTokens = 50, Prefix = prompt });
            Assert.AreEqual(RouteStatus.Routed, decision.Status);
            Assert.AreEqual(homes.GetValueOrDefault(decision.Silo, decision.Targets[0].NodeId), decision.Targets[0].NodeId, $"turn {turn}");
            homes[decision.Silo] = decision.Targets[0].NodeId;
            await Router().Report(new() { DecisionId = decision.DecisionId });

            // The next turn comes after the answer: when readings show that the prompt has been worked off.
            await EventuallyAsync(
                () => Router().DryRun(new() { Model = model, MaxTargets = 4 }).AsTask(), d => d.Silo == decision.Silo && d.Targets.All(t => t.Cost.Queue == 0), "idle nodes");
        }
        foreach (var reporter in reporters) await reporter.DisposeAsync();
        await Client.GetGrain<IPolicyGrain>(policy).Delete(PolicyVersions.Any, "test");
    }

    [TestMethod]
    public async Task Route_TooManyBlocks_IsRefused()
    {
        var decision = await Router().Route(new() { Model = "m", Prefix = new ulong[2049] });
        Assert.AreEqual((RouteStatus.Invalid, "prefix"), (decision.Status, decision.Errors.Single().Field));
    }
}
