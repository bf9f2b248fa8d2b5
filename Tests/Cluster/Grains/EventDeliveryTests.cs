using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;
using Orleans.TestingHost;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>What is acknowledged is an event, once, whatever dies in between. A cluster of its own, because silos of it die.</summary>
[TestClass]
[DoNotParallelize]
public sealed class EventDeliveryTests
{
    private const string Log = "event-log/cluster";
    private string _directory = "";
    private InProcessTestCluster _silos = null!;

    private IGrainFactory Grains => _silos.Client;

    [TestInitialize]
    public async Task StartAsync()
    {
        _directory = Directory.CreateTempSubdirectory("infermesh-events-").FullName;
        _silos = MeshCluster.Build(Path.Combine(_directory, "mesh.db"), 3);
        await _silos.DeployAsync();
    }

    [TestCleanup]
    public async Task StopAsync()
    {
        await _silos.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [TestMethod]
    public async Task LogDown_EveryKindOfChange_IsAcknowledgedAndThereOnceWhenItIsBack()
    {
        using (FailingCalls.FailAll(Log, "Deliver"))
        {
            await ChangeEverythingAsync();
            Assert.IsEmpty(await ReadAllAsync());
        }

        await AssertEverythingOnceAsync();
    }

    [TestMethod]
    public async Task SilosKilledBetweenWriteAndDelivery_NobodyAsksForTheObjects_EventsAreThereOnce()
    {
        using (FailingCalls.FailAll(Log, "Deliver"))
        {
            await ChangeEverythingAsync();
            foreach (var silo in _silos.Silos.Skip(1).ToArray()) await _silos.KillSiloAsync(silo);
        }

        await AssertEverythingOnceAsync();
    }

    [TestMethod]
    public async Task WholeClusterKilledBetweenWriteAndDelivery_EventsAreThereOnceAfterTheStart()
    {
        using (FailingCalls.FailAll(Log, "Deliver"))
        {
            await ChangeEverythingAsync();
            foreach (var silo in _silos.Silos.ToArray()) await _silos.KillSiloAsync(silo);
        }
        await _silos.DisposeAsync();
        _silos = MeshCluster.Build(Path.Combine(_directory, "mesh.db"), 2);
        await _silos.DeployAsync();

        await AssertEverythingOnceAsync();
    }

    [TestMethod]
    public async Task AnswersOfStorageLost_EveryEventOnceAndGapless()
    {
        FailingWrites.Fail("event-segment", times: 5, done: true);
        FailingWrites.Fail("event-log", times: 2, done: true);

        await Task.WhenAll(Enumerable.Range(0, 600).Select(i => PutPolicyAsync($"p{i}", "test")));

        await EventuallyAsync(static events => events.Count >= 600);
        AssertGapless(await ReadAllAsync());
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 600).Select(static i => $"p{i}").ToArray(), (await ReadAllAsync()).Select(static e => e.Subject).ToArray());
    }

    [TestMethod]
    public async Task WriteOfAnObjectFails_ItIsAnEventIfAndOnlyIfItWasDone()
    {
        FailingWrites.Fail("policy/policy/done", done: true);
        FailingWrites.Fail("policy/policy/undone");
        FailingWrites.Fail("tenant/tenant/done", done: true);
        FailingWrites.Fail("node/node/done", done: true);
        await Assert.ThrowsAsync<OrleansException>(() => PutPolicyAsync("done", "test"));
        await Assert.ThrowsAsync<OrleansException>(() => PutPolicyAsync("undone", "test"));
        await Assert.ThrowsAsync<OrleansException>(() => Grains.GetGrain<ITenantGrain>("done").Put(new(), PolicyVersions.Any, "test"));
        await Assert.ThrowsAsync<OrleansException>(() => Grains.GetGrain<INodeGrain>("done").Register(new() { NodeId = "done", CellId = "c", Zone = "z" }, "test"));

        // The node never reports: whether it is offline before the test has looked is not what is asked.
        await EventuallyAsync(static events => events.Count(static e => e.Subject == "done" && e.Type != EventTypes.NodeHealthChanged) >= 3);
        await PutPolicyAsync("last", "test");
        await EventuallyAsync(static events => events.Any(static e => e.Subject == "last"));

        string[] expected = [EventTypes.NodeJoined, EventTypes.PolicyCreated, EventTypes.TenantCreated];
        CollectionAssert.AreEqual(expected, (await ReadAllAsync()).Where(static e => e.Subject == "done" && e.Type != EventTypes.NodeHealthChanged).Select(static e => e.Type).Order(StringComparer.Ordinal).ToArray());
        Assert.IsFalse((await ReadAllAsync()).Any(static e => e.Subject == "undone"));
        Assert.IsNotNull(await Grains.GetGrain<IPolicyGrain>("done").Get());
    }

    [TestMethod]
    public async Task NodeFallsIllWhileItsCellDies_TheLogHasTheWayItWent()
    {
        const string Node = "flappy";
        await Grains.GetGrain<INodeGrain>(Node).Register(new() { NodeId = Node, CellId = "cell-f", Zone = "z" }, "test");
        var cell = Grains.GetGrain<InferMesh.Grains.Abstractions.Cells.ICellSummaryGrain>("cell-f");
        await MeshCluster.EventuallyAsync(async () => (await cell.Snapshot()).Nodes.Health is [NodeHealth.Offline], static offline => offline, "never heard of, so offline");
        await EventuallyAsync(static events => events.Any(static e => e.Type == EventTypes.NodeHealthChanged));

        var host = await Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(cell);
        await _silos.KillSiloAsync(_silos.Silos.Single(s => s.SiloAddress.Equals(host)));
        await MeshCluster.EventuallyAsync(async () => await TryAsync(async () => (await cell.Snapshot()).Nodes.Health.ToArray()) is [NodeHealth.Offline], static offline => offline, "offline again");
        await TryAsync(async () => (await Grains.GetGrain<INodeGrain>(Node).Cordon("bad fan", "ann")).Node);

        var events = await EventuallyAsync(static events => events.Any(static e => e.Reason == "bad fan"));
        CollectionAssert.AreEqual(
            new[] { "NODE_JOINED", "NODE_HEALTH_CHANGED joining>offline", "NODE_CHANGED" },
            events.Where(static e => e.Subject == Node).Select(static e => e.Type + (e.Data.TryGetValue("from", out var from) ? $" {from}>{e.Data["to"]}" : "")).ToArray());
    }

    private async Task ChangeEverythingAsync()
    {
        await PutPolicyAsync("obj", "ann");
        await PutPolicyAsync("obj", "bob");
        await Grains.GetGrain<IPolicyGrain>("obj").Rollback(1, 2, "ann");
        await Grains.GetGrain<IPolicyGrain>("obj").Delete(3, "ann");
        await Grains.GetGrain<ITenantGrain>("obj").Put(new(), PolicyVersions.None, "ann");
        await Grains.GetGrain<ITenantGrain>("obj").Delete(1, "ann");
        Assert.AreEqual(PolicyStatus.Accepted, (await Grains.GetGrain<IEndpointGrain>("obj").Put(new() { Models = [new("m")] }, PolicyVersions.None, "ann")).Status);
        Assert.AreEqual(PolicyStatus.Accepted, (await Grains.GetGrain<IModelGrain>("obj").Put(new(), PolicyVersions.None, "ann")).Status);
        var node = Grains.GetGrain<INodeGrain>("obj");
        await node.Register(new() { NodeId = "obj", CellId = "c", Zone = "z" }, "ann");
        await node.Cordon("bad fan", "bob");
        await node.Remove(true, "ann");
        var job = Grains.GetGrain<IJobGrain>("obj");
        Assert.AreEqual(JobResultStatus.Accepted, (await job.Submit(new() { Name = "obj", Tenant = "lab", Command = ["train"], Workers = 1 }, "ann")).Status);
        await job.Cancel("enough", "bob");
    }

    private async Task AssertEverythingOnceAsync()
    {
        string[] expected =
        [
            "ENDPOINT_CREATED ann 0>1", "JOB_STATE_CHANGED bob 1>2 enough lab", "JOB_SUBMITTED ann 0>1 waits for its turn lab", "MODEL_REGISTERED ann 0>1", "NODE_HEALTH_CHANGED bob 1>2 bad fan",
            "NODE_JOINED ann 0>1", "NODE_LEFT ann 2>0", "POLICY_CREATED ann 0>1", "POLICY_DELETED ann 3>0", "POLICY_UPDATED ann 2>3 rolled back to version 1", "POLICY_UPDATED bob 1>2",
            "TENANT_CREATED ann 0>1 obj", "TENANT_DELETED ann 1>0 obj",
        ];
        var events = await EventuallyAsync(events => events.Count(static e => e.Actor.Length > 0) >= expected.Length);
        AssertGapless(events);
        var told = events.Where(static e => e.Actor.Length > 0).ToArray();
        CollectionAssert.AreEqual(expected, told.Select(static e => $"{e.Type} {e.Actor} {e.VersionBefore}>{e.VersionAfter} {e.Reason} {e.Tenant}".Replace("  ", " ").Trim()).Order(StringComparer.Ordinal).ToArray());
        CollectionAssert.AreEqual(new[] { "POLICY_CREATED", "POLICY_UPDATED", "POLICY_UPDATED", "POLICY_DELETED" }, told.Where(static e => e.Type.StartsWith("POLICY", StringComparison.Ordinal)).Select(static e => e.Type).ToArray());
        CollectionAssert.AreEqual(new[] { "NODE_JOINED", "NODE_HEALTH_CHANGED", "NODE_LEFT" }, told.Where(static e => e.Type.StartsWith("NODE", StringComparison.Ordinal)).Select(static e => e.Type).ToArray());
    }

    private async Task<IReadOnlyList<MeshEvent>> ReadAllAsync()
    {
        var (all, cursor) = (new List<MeshEvent>(), 0L);
        while (true)
        {
            var page = await TryAsync(() => Grains.GetGrain<IEventLogGrain>(IEventLogGrain.Key).ReadAfter(cursor, 1000, TimeSpan.Zero));
            if (page is null) continue;
            if (page.Events.Count == 0) return all;
            all.AddRange(page.Events);
            cursor = page.Cursor;
        }
    }

    private Task<IReadOnlyList<MeshEvent>> EventuallyAsync(Func<IReadOnlyList<MeshEvent>, bool> condition) => MeshCluster.EventuallyAsync(ReadAllAsync, condition, "events");

    private async Task PutPolicyAsync(string name, string actor) =>
        Assert.AreEqual(PolicyStatus.Accepted, (await Grains.GetGrain<IPolicyGrain>(name).Put(Spec(), PolicyVersions.Any, actor)).Status);

    private static PolicySpec Spec() => new() { Kind = PolicyKind.Routing, Models = ["m"], Routing = new() { Strategy = "least_queue" } };

    private static void AssertGapless(IReadOnlyList<MeshEvent> events) =>
        CollectionAssert.AreEqual(Enumerable.Range(1, events.Count).Select(static i => (long)i).ToArray(), events.Select(static e => e.Id).ToArray());

    private static async Task<T?> TryAsync<T>(Func<Task<T>> call) where T : class?
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            await Task.Delay(50);
            return null;
        }
    }
}
