using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

[TestClass]
public sealed class EndpointGrainTests
{
    private static EndpointSpec Spec(params string[] aliases) => new() { Models = [new("m")], Aliases = aliases };

    [TestMethod]
    public async Task Put_HundredAtOnceWithOneVersion_ExactlyOneWins()
    {
        var name = Unique("endpoint");
        Assert.AreEqual(PolicyStatus.Accepted, (await Endpoint(name).Put(Spec(), PolicyVersions.None, "test")).Status);

        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Endpoint(name).Put(Spec() with { Description = $"{i}" }, 1, $"writer-{i}")));

        Assert.AreEqual(1, results.Count(r => r.Status == PolicyStatus.Accepted));
        Assert.AreEqual(99, results.Count(r => r is { Status: PolicyStatus.Conflict, CurrentVersion: 2, NameTaken: false }));
    }

    [TestMethod]
    public async Task Put_HundredEndpointsWithOneAlias_ExactlyOneHasIt()
    {
        var alias = Unique("alias");
        string[] names = [.. Enumerable.Range(0, 100).Select(_ => Unique("endpoint"))];

        var results = await Task.WhenAll(names.Select(name => Endpoint(name).Put(Spec("own-" + name, alias), PolicyVersions.None, "test")));

        var winner = names[Array.FindIndex(results, r => r.Status == PolicyStatus.Accepted)];
        Assert.AreEqual(1, results.Count(r => r.Status == PolicyStatus.Accepted));
        foreach (var lost in results.Where(r => r.Status != PolicyStatus.Accepted))
        {
            Assert.IsTrue(lost is { NameTaken: true, Endpoint: null, CurrentVersion: 0 }, lost.ToString());
            Assert.AreEqual("aliases[1]", lost.Errors.Single().Field);
            StringAssert.Contains(lost.Errors.Single().Message, winner);
        }
        var listed = (await Index().List()).Endpoints.Where(e => e.Spec.Aliases.Contains(alias)).ToArray();
        Assert.AreEqual(winner, listed.Single().Name);
    }

    [TestMethod]
    public async Task Names_GivenUp_AreFreeForOthers()
    {
        var (a, b, alias) = (Unique("endpoint"), Unique("endpoint"), Unique("alias"));
        await Endpoint(a).Put(Spec(alias), PolicyVersions.None, "test");
        Assert.IsTrue((await Endpoint(b).Put(Spec(alias), PolicyVersions.None, "test")).NameTaken);
        Assert.AreEqual("name", (await Endpoint(alias).Put(Spec(), PolicyVersions.None, "test")).Errors.Single().Field, "an alias is no other endpoint's name");

        await Endpoint(a).Put(Spec(), 1, "test");
        Assert.AreEqual(PolicyStatus.Accepted, (await Endpoint(b).Put(Spec(alias), PolicyVersions.None, "test")).Status);

        var rolled = await Endpoint(a).Rollback(1, 2, "test");
        Assert.IsTrue(rolled is { NameTaken: true, CurrentVersion: 2 }, "what was its own belongs to another now");

        await Endpoint(b).Delete(1, "test");
        Assert.AreEqual(PolicyStatus.Accepted, (await Endpoint(a).Rollback(1, 2, "test")).Status);
        Assert.AreEqual("aliases[0]", (await Endpoint(b).Rollback(1, PolicyVersions.None, "test")).Errors.Single().Field);
    }

    [TestMethod]
    public async Task Put_WriteThatNeverHappened_LeavesItsNamesFree()
    {
        var (a, b, alias) = (Unique("endpoint"), Unique("endpoint"), Unique("alias"));
        // As if a silo had died between the claim and the write.
        await Client.GetGrain<IEndpointNamesGrain>(IEndpointNamesGrain.Key).Claim(a, [a, alias]);
        Assert.IsTrue((await Endpoint(b).Put(Spec(alias), PolicyVersions.None, "test")).NameTaken);

        // The index wakes every endpoint; here it is woken by hand.
        Assert.IsNull(await Endpoint(a).Get());

        Assert.AreEqual(PolicyStatus.Accepted, (await Endpoint(b).Put(Spec(alias), PolicyVersions.None, "test")).Status);
    }

    [TestMethod]
    public async Task Put_BadContent_NamesEveryFieldAndTakesNoName()
    {
        var (name, other, alias) = (Unique("endpoint"), Unique("endpoint"), Unique("alias"));
        var result = await Endpoint(name).Put(new() { Models = [new("m", 5000)], Aliases = [alias], Hedging = new() { BudgetShare = 7 } }, PolicyVersions.Any, "test");

        Assert.AreEqual(PolicyStatus.Invalid, result.Status);
        CollectionAssert.AreEquivalent(new[] { "models[0].weight", "hedging.budgetShare" }, result.Errors.Select(e => e.Field).ToArray());
        Assert.IsEmpty(await Endpoint(name).History());
        Assert.AreEqual(PolicyStatus.Accepted, (await Endpoint(other).Put(Spec(alias), PolicyVersions.None, "test")).Status);
    }

    [TestMethod]
    public async Task Put_ShownKeys_KeepTheWholeOnes()
    {
        var name = Unique("endpoint");
        var hash = new string('a', 64);
        var written = await Endpoint(name).Put(Spec() with { Auth = new() { Keys = [hash] } }, PolicyVersions.None, "test");
        var shown = written.Endpoint!.Spec with { Auth = written.Endpoint.Spec.Auth!.Shown(), Description = "changed" };

        Assert.AreEqual(PolicyStatus.Accepted, (await Endpoint(name).Put(shown, 1, "test")).Status);
        Assert.AreEqual(hash, (await Endpoint(name).Get())!.Spec.Auth!.Keys.Single());

        await Endpoint(name).Delete(2, "test");
        Assert.AreEqual("auth.keys[0]", (await Endpoint(name).Put(shown, PolicyVersions.None, "test")).Errors.Single().Field, "a deleted endpoint has no keys to stand for");
    }

    [TestMethod]
    public async Task Index_Changes_ReachWhoFollowsIt_AndTheEventLog()
    {
        var name = Unique("endpoint");
        var before = await Index().List();
        var waiting = Index().WaitForNewer(before.Incarnation, before.Version, TimeSpan.FromSeconds(20));
        await Endpoint(name).Put(Spec(), PolicyVersions.None, "ann");
        Assert.IsNotNull(await waiting);
        Assert.IsTrue((await Index().List()).Endpoints.Any(e => e.Name == name));

        await Endpoint(name).Put(Spec() with { Enabled = false }, 1, "bob");
        await Endpoint(name).Delete(2, "carol");
        Assert.IsFalse((await Index().List()).Endpoints.Any(e => e.Name == name));
        var seen = await EventuallyAsync(async () => (await EventsAsync()).Where(e => e.Subject == name).ToArray(), e => e.Length == 3, "three events");
        CollectionAssert.AreEquivalent(
            new[] { (EventTypes.EndpointCreated, "ann"), (EventTypes.EndpointUpdated, "bob"), (EventTypes.EndpointDeleted, "carol") }, seen.Select(e => (e.Type, e.Actor)).ToArray());
    }

    [TestMethod]
    public async Task Strategy_OfAnEndpoint_ReachesEverySiloAndItsRequestsOnly()
    {
        var (name, node, model) = (Unique("endpoint"), Unique("node"), Unique("model"));
        await RegisterAsync(node, Unique("cell"));
        await using var reporting = KeepReporting(node, model);
        await Endpoint(name).Put(new() { Models = [new(model)], Routing = new() { Strategy = "least_queue" } }, PolicyVersions.None, "test");

        var silos = new HashSet<string>();
        var key = 0L;
        await EventuallyAsync(
            () => Router(key++).DryRun(new() { Model = model, Endpoint = name }).AsTask(),
            d =>
            {
                if (d is { Status: RouteStatus.Routed, Strategy: "least_queue" } && d.Policies.Contains($"endpoint/{name}@1")) silos.Add(d.Silo);
                return silos.Count == Silos.Silos.Count;
            },
            "the endpoint's strategy on all silos");

        Assert.AreEqual("mesh", (await Router().DryRun(new() { Model = model })).Strategy);
        Assert.AreEqual(RouteStatus.NoEligibleTarget, (await Router().DryRun(new() { Model = model, Endpoint = name, Regions = ["nowhere"] })).Status);
        Assert.AreEqual(RouteStatus.NoEligibleTarget, (await Router().DryRun(new() { Model = model, Nodes = ["other"] })).Status);
        Assert.AreEqual(RouteStatus.Routed, (await Router().DryRun(new() { Model = model, Nodes = [node] })).Status);
        await Endpoint(name).Delete(PolicyVersions.Any, "test");
    }

    private static IEndpointGrain Endpoint(string name) => Client.GetGrain<IEndpointGrain>(name);

    private static IEndpointIndexGrain Index() => Client.GetGrain<IEndpointIndexGrain>(IEndpointIndexGrain.Key);
}
