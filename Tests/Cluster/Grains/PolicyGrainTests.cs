using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

[TestClass]
public sealed class PolicyGrainTests
{
    private static PolicySpec Routing(string strategy, string model = "*") => new() { Kind = PolicyKind.Routing, Models = [model], Routing = new() { Strategy = strategy } };

    [TestMethod]
    public async Task Put_HundredAtOnceWithOneVersion_ExactlyOneWins()
    {
        var name = Unique("policy");
        var grain = Client.GetGrain<IPolicyGrain>(name);
        Assert.AreEqual(PolicyStatus.Accepted, (await grain.Put(Routing("mesh", name), PolicyVersions.None, "test")).Status);

        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Client.GetGrain<IPolicyGrain>(name).Put(Routing("least_queue", name), 1, $"writer-{i}")));

        Assert.AreEqual(1, results.Count(r => r.Status == PolicyStatus.Accepted));
        Assert.AreEqual(99, results.Count(r => r is { Status: PolicyStatus.Conflict, CurrentVersion: 2 }));
        Assert.AreEqual(2, (await grain.Get())!.Version);
    }

    [TestMethod]
    public async Task Put_BadContent_NamesEveryFieldAndStoresNothing()
    {
        var grain = Client.GetGrain<IPolicyGrain>(Unique("policy"));
        var result = await grain.Put(
            new()
            {
                Kind = PolicyKind.Routing,
                Priority = 5000,
                Models = ["a*b"],
                Slo = new() { TtftMs = -1 },
                Routing = new() { Strategy = "mesh", Parameters = new Dictionary<string, double> { ["network_weight"] = double.NaN, ["nonsense"] = 1 } },
            },
            PolicyVersions.Any,
            "test");

        Assert.AreEqual(PolicyStatus.Invalid, result.Status);
        CollectionAssert.AreEquivalent(
            new[] { "priority", "models[0]", "slo", "slo.ttftMs", "routing.parameters.network_weight", "routing.parameters.nonsense" }, result.Errors.Select(e => e.Field).ToArray());
        Assert.IsNull(await grain.Get());
        Assert.IsEmpty(await grain.History());
    }

    [TestMethod]
    public async Task Put_OtherKind_IsRefused()
    {
        var grain = Client.GetGrain<IPolicyGrain>(Unique("policy"));
        await grain.Put(Routing("mesh"), PolicyVersions.None, "test");
        var result = await grain.Put(new() { Kind = PolicyKind.Quota, Quota = new() { MaxConcurrentRequests = 1 } }, 1, "test");
        Assert.AreEqual("kind", result.Errors.Single().Field);
        await grain.Delete(PolicyVersions.Any, "test");
    }

    [TestMethod]
    public async Task DeleteAndCreate_GoesOnCounting_AndRollbackBringsContentBack()
    {
        var name = Unique("policy");
        var grain = Client.GetGrain<IPolicyGrain>(name);
        await grain.Put(Routing("mesh", name), PolicyVersions.None, "ann");
        await grain.Put(Routing("least_queue", name), 1, "bob");
        Assert.AreEqual(PolicyStatus.Conflict, (await grain.Delete(1, "test")).Status);
        Assert.AreEqual(PolicyStatus.Accepted, (await grain.Delete(2, "test")).Status);
        Assert.IsNull(await grain.Get());
        Assert.AreEqual(PolicyStatus.NotFound, (await grain.Delete(PolicyVersions.Any, "test")).Status);

        var created = await grain.Put(Routing("heuristic", name), PolicyVersions.None, "test");
        Assert.AreEqual(4, created.Policy!.Version);
        var rolled = await grain.Rollback(1, 4, "carol");
        Assert.AreEqual("mesh", rolled.Policy!.Spec.Routing!.Strategy);
        Assert.AreEqual(5, rolled.Policy.Version);
        Assert.AreEqual(PolicyStatus.NotFound, (await grain.Rollback(3, 5, "test")).Status, "a deletion is nothing to go back to");
        CollectionAssert.AreEqual(new long[] { 5, 4, 3, 2, 1 }, (await grain.History()).Select(v => v.Version).ToArray());
        await grain.Delete(PolicyVersions.Any, "test");
    }

    [TestMethod]
    public async Task RoutingPolicy_Change_ReachesEverySilo()
    {
        var (name, node, model) = (Unique("policy"), Unique("node"), Unique("model"));
        await RegisterAsync(node, Unique("cell"));
        await using var reporting = KeepReporting(node, model);
        var grain = Client.GetGrain<IPolicyGrain>(name);
        await grain.Put(Routing("baseline_rr", model), PolicyVersions.None, "test");
        await StrategyEverywhereAsync(model, "baseline_rr");
        await grain.Put(Routing("least_queue", model), 1, "test");
        await StrategyEverywhereAsync(model, "least_queue");
        await grain.Delete(PolicyVersions.Any, "test");
        await StrategyEverywhereAsync(model, "mesh");
    }

    [TestMethod]
    public async Task PlacementPolicy_Pin_KeepsOtherNodesOut()
    {
        var (name, a, b, cell, model) = (Unique("policy"), Unique("node"), Unique("node"), Unique("cell"), Unique("model"));
        await RegisterAsync(a, cell);
        await RegisterAsync(b, cell);
        await using var first = KeepReporting(a, model);
        await using var second = KeepReporting(b, model);
        var grain = Client.GetGrain<IPolicyGrain>(name);
        await grain.Put(new() { Kind = PolicyKind.Placement, Models = [model], Placement = new() { Nodes = [b] } }, PolicyVersions.None, "test");
        var decision = await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d is { Considered: 2, Eligible: 1 }, "one eligible");
        Assert.AreEqual(b, decision.Targets.Single().NodeId);
        Assert.AreEqual("placement_policy", decision.Excluded.Single().Reason);
        await grain.Delete(PolicyVersions.Any, "test");
    }

    [TestMethod]
    public async Task QuotaAndSecurityPolicies_Refuse()
    {
        var (quota, guard, node, model) = (Unique("policy"), Unique("policy"), Unique("node"), Unique("model"));
        await RegisterAsync(node, Unique("cell"));
        await using var reporting = KeepReporting(node, model);
        // Two silos share the limit: one request each.
        await Client.GetGrain<IPolicyGrain>(quota).Put(new() { Kind = PolicyKind.Quota, Models = [model], Quota = new() { MaxConcurrentRequests = 2 } }, PolicyVersions.None, "test");
        await Client.GetGrain<IPolicyGrain>(guard).Put(
            new() { Kind = PolicyKind.Security, Models = [model], Security = new() { AllowedTenants = ["blue"] } }, PolicyVersions.None, "test");
        await EventuallyAsync(() => Router().DryRun(new() { Model = model, Tenant = "blue" }).AsTask(), d => d is { Status: RouteStatus.Routed, Policies.Count: 2 }, "both policies in force");

        Assert.AreEqual(RouteStatus.Forbidden, (await Router().DryRun(new() { Model = model, Tenant = "red" })).Status);
        var first = await Router().Route(new() { Model = model, Tenant = "blue" });
        Assert.AreEqual(RouteStatus.Routed, first.Status);
        var second = await EventuallyAsync(() => Router().DryRun(new() { Model = model, Tenant = "blue" }).AsTask(), d => d.Silo == first.Silo, "same silo");
        Assert.AreEqual(RouteStatus.QuotaExceeded, second.Status);
        Assert.AreEqual(TimeSpan.FromSeconds(1), second.RetryAfter);
        Assert.IsTrue(await Router().Report(new() { DecisionId = first.DecisionId }));
        await Client.GetGrain<IPolicyGrain>(quota).Delete(PolicyVersions.Any, "test");
        await Client.GetGrain<IPolicyGrain>(guard).Delete(PolicyVersions.Any, "test");
    }

    private static async Task StrategyEverywhereAsync(string model, string strategy)
    {
        var silos = new HashSet<string>();
        var key = 0L;
        await EventuallyAsync(
            () => Router(key++).DryRun(new() { Model = model }).AsTask(),
            d =>
            {
                if (d.Strategy != strategy) silos.Clear();
                else silos.Add(d.Silo);
                return silos.Count == Silos.Silos.Count || key > 400;
            },
            $"{strategy} on all silos");
        Assert.IsNotEmpty(silos);
    }
}
