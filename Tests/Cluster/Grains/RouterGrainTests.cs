using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

[TestClass]
public sealed class RouterGrainTests
{
    [TestMethod]
    public async Task Route_UnknownModel_SaysSo() =>
        Assert.AreEqual(RouteStatus.ModelUnknown, (await Router().Route(new() { Model = "no-such-model" })).Status);

    [TestMethod]
    public async Task Route_BadQuery_NamesEveryField()
    {
        var decision = await Router().Route(new() { Model = "", PromptTokens = -1, OutputTokens = -2, PayloadBytes = -3, MaxTargets = 17, Strategy = "mesh" });
        Assert.AreEqual(RouteStatus.Invalid, decision.Status);
        CollectionAssert.AreEquivalent(new[] { "model", "promptTokens", "outputTokens", "payloadBytes", "maxTargets", "strategy" }, decision.Errors.Select(e => e.Field).ToArray());
    }

    [TestMethod]
    public async Task RoundRobin_OverFourNodes_IsExact()
    {
        var (policy, model, cell) = (Unique("policy"), Unique("model"), Unique("cell"));
        var nodes = Enumerable.Range(0, 4).Select(_ => Unique("node")).ToArray();
        foreach (var node in nodes) await RegisterAsync(node, cell);
        await Client.GetGrain<IPolicyGrain>(policy).Put(new() { Kind = PolicyKind.Routing, Models = [model], Routing = new() { Strategy = "baseline_rr" } }, PolicyVersions.None, "test");
        var reporters = nodes.Select(n => KeepReporting(n, model)).ToArray();
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d is { Eligible: 4, Strategy: "baseline_rr" }, "four nodes");

        var picks = new List<(string Silo, string Node)>();
        for (var i = 0; i < 80; i++)
        {
            var decision = await Router().Route(new() { Model = model });
            picks.Add((decision.Silo, decision.Targets[0].NodeId));
            await Router().Report(new() { DecisionId = decision.DecisionId });
        }
        foreach (var silo in picks.GroupBy(p => p.Silo))
        {
            var shares = silo.GroupBy(p => p.Node).Select(g => g.Count()).ToArray();
            Assert.IsLessThanOrEqualTo(1, shares.Max() - shares.Min(), $"shares of {silo.Key}: {string.Join(", ", shares)}");
        }
        foreach (var reporter in reporters) await reporter.DisposeAsync();
        await Client.GetGrain<IPolicyGrain>(policy).Delete(PolicyVersions.Any, "test");
    }

    [TestMethod]
    public async Task Burst_OnOneReading_DoesNotHerd()
    {
        var (model, cell) = (Unique("model"), Unique("cell"));
        var nodes = Enumerable.Range(0, 5).Select(_ => Unique("node")).ToArray();
        foreach (var node in nodes)
        {
            await RegisterAsync(node, cell);
            await ReportAsync(Telemetry(node, model, 1));
        }
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d.Eligible == 5, "five nodes");

        var decisions = new List<RouteDecision>();
        for (var i = 0; i < 100; i++) decisions.Add(await Router().Route(new() { Model = model, PromptTokens = 500, OutputTokens = 100 }));
        foreach (var silo in decisions.GroupBy(d => d.Silo))
        {
            var shares = nodes.Select(n => silo.Count(d => d.Targets[0].NodeId == n)).ToArray();
            Assert.IsLessThanOrEqualTo(1.3 * silo.Count() / nodes.Length + 1, (double)shares.Max(), string.Join(", ", shares));
        }
        foreach (var decision in decisions) Assert.IsTrue(await Router().Report(new() { DecisionId = decision.DecisionId }));
        Assert.IsFalse(await Router().Report(new() { DecisionId = decisions[0].DecisionId }), "settled once");
    }

    [TestMethod]
    public async Task DryRun_ReservesNothing_AndMayTryAnotherStrategy()
    {
        var (model, node) = (Unique("model"), Unique("node"));
        await RegisterAsync(node, Unique("cell"));
        await using var reporting = KeepReporting(node, model);
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d.Eligible == 1, "one node");
        for (var i = 0; i < 5; i++) await Router().DryRun(new() { Model = model });
        var tried = await Router().DryRun(new() { Model = model, Strategy = "least_queue" });
        Assert.AreEqual("least_queue", tried.Strategy);
        Assert.AreEqual(0d, tried.Targets[0].Load);
        Assert.IsFalse(await Router().Report(new() { DecisionId = tried.DecisionId }));
    }

    [TestMethod]
    public async Task Move_TakesTheReservationAlong()
    {
        var (model, cell) = (Unique("model"), Unique("cell"));
        var (a, b) = (Unique("node"), Unique("node"));
        await RegisterAsync(a, cell, "zone-a");
        await RegisterAsync(b, cell, "zone-b");
        await using var first = KeepReporting(a, model);
        await using var second = KeepReporting(b, model);
        var policy = Unique("policy");
        await Client.GetGrain<IPolicyGrain>(policy).Put(new() { Kind = PolicyKind.Hedging, Models = [model], Hedging = new() }, PolicyVersions.None, "test");
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d is { Eligible: 2, Policies.Count: 1 }, "two nodes");
        var decision = await Router().Route(new() { Model = model });
        Assert.IsNotNull(decision.Hedge, decision.HedgeSuppressed);
        Assert.AreEqual(decision.Targets[1].NodeId, decision.Hedge.NodeId);
        Assert.IsTrue(await Router().Move(decision.DecisionId, decision.Targets[1].NodeId));
        Assert.IsFalse(await Router().Move(decision.DecisionId, "no-such-node"));
        Assert.IsTrue(await Router().Report(new() { DecisionId = decision.DecisionId }));
        Assert.IsFalse(await Router().Move(decision.DecisionId, a));
        await Client.GetGrain<IPolicyGrain>(policy).Delete(PolicyVersions.Any, "test");
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("x")]
    [DataRow("zz-127.0.0.1:1@1")]
    [DataRow("1-")]
    [DataRow("1-nonsense")]
    [DataRow("1-127.0.0.1:99999@1")]
    [DataRow("1-127.0.0.1:1@x")]
    public async Task Report_NonsenseId_IsNotOpen(string id) => Assert.IsFalse(await Router().Report(new() { DecisionId = id }));
}
