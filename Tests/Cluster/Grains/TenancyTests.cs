using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Abstractions.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

[TestClass]
[DoNotParallelize]
public sealed class TenancyTests
{
    [TestMethod]
    public async Task Budget_SixtyFourCallersThroughFourSilos_IsSpentAndNotExceeded()
    {
        const int limit = 60_000;
        var added = await Silos.StartSilosAsync(2);
        var tenant = Unique("tenant");
        await PutAsync(tenant, new() { TokensPerDay = limit });
        var gates = Silos.Silos.Select(Gate).ToArray();
        Assert.HasCount(4, gates);
        var used = 0L;
        var bySilo = new ConcurrentDictionary<string, int>();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async caller =>
        {
            var (gate, random) = (gates[caller % gates.Length], new Random(caller));
            var request = Request(tenant, 50, 100);
            while (await gate.Reserve(request) is { Status: TenantVerdictStatus.Granted } verdict)
            {
                bySilo.AddOrUpdate(verdict.Id[(verdict.Id.IndexOf('-', StringComparison.Ordinal) + 1)..], 1, (_, n) => n + 1);
                var output = random.Next(0, 101);
                Interlocked.Add(ref used, 50 + output);
                Assert.IsTrue(await gate.Settle(new(verdict.Id, request, 50, output)));
            }
        }));
        Assert.HasCount(4, bySilo);
        var total = await EventuallyAsync(() => TotalAsync(tenant), t => t is { Leased.TokensPerDay: 0, InFlight: 0 }, "all leases back");
        Assert.AreEqual(used, total.TokensToday, "each request counts once");
        Assert.IsLessThanOrEqualTo(limit, used);
        // Each of 64 callers gives up when what is left is less than one estimate beyond what the others have reserved.
        Assert.IsGreaterThan(limit - (64 * 150), used);
        foreach (var silo in added) await Silos.StopSiloAsync(silo);
    }

    [TestMethod]
    public async Task KilledSilo_WhatWasSettled_IsNotLostAndWhatWasOpenIsChargedElsewhere()
    {
        var third = await Silos.StartAdditionalSiloAsync();
        var (gate, other) = (Gate(third), Gate(Silos.Silos[0]));
        // Several, so that the grains of some live on the silo that dies.
        var tenants = Enumerable.Range(0, 6).Select(_ => Unique("tenant")).ToArray();
        foreach (var tenant in tenants) await PutAsync(tenant, new() { TokensPerDay = 10_000, ConcurrentRequests = 20 });
        var open = new ConcurrentDictionary<string, TenantVerdict>();
        await Task.WhenAll(tenants.Select(async tenant =>
        {
            var request = Request(tenant, 100, 100);
            var settled = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
            {
                var verdict = await gate.Reserve(request);
                Assert.AreEqual(TenantVerdictStatus.Granted, verdict.Status, verdict.ToString());
                return await gate.Settle(new(verdict.Id, request, 100, i));
            }));
            Assert.DoesNotContain(false, settled);
            open[tenant] = await gate.Reserve(request);
        }));

        await Silos.KillSiloAsync(third);

        foreach (var tenant in tenants)
        {
            var request = Request(tenant, 100, 100);
            var kept = await EventuallyAsync(() => TryAsync(() => TotalAsync(tenant)), t => t is { InFlight: 0, Leased.Requests: 0, Leased.TokensPerDay: 0 }, "the dead silo's leases end");
            Assert.AreEqual((10 * 100) + 45, kept!.TokensToday);
            // The API still has the answer of the request that was let in by the silo that died.
            await EventuallyAsync(() => TryAsync(async () => (object?)await other.Settle(new(open[tenant].Id, request, 100, 7))), settled => settled is true, "charged elsewhere");
            Assert.AreEqual((10 * 100) + 45 + 107, (await TotalAsync(tenant)).TokensToday);
        }
    }

    [TestMethod]
    public async Task Concurrent_LimitReachedAndLeft_ReturnsToZero()
    {
        var tenant = Unique("tenant");
        await PutAsync(tenant, new() { ConcurrentRequests = 8 });
        var gates = Silos.Silos.Select(Gate).ToArray();
        var request = Request(tenant, 1, 1);
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => gates[i % gates.Length].Reserve(request).AsTask()));
        var granted = verdicts.Where(v => v.Status == TenantVerdictStatus.Granted).ToArray();
        Assert.IsLessThanOrEqualTo(8, granted.Length);
        Assert.IsGreaterThanOrEqualTo(7, granted.Length);
        Assert.IsTrue(verdicts.Except(granted).All(v => v.Limit == new MeterKey(TenantScope.Tenant, "", LimitKind.ConcurrentRequests)));
        await EventuallyAsync(() => TotalAsync(tenant), t => t.InFlight == granted.Length, "in flight");
        // Settled over the other silo: the id names its owner.
        await Task.WhenAll(granted.Select((v, i) => gates[i % gates.Length].Settle(new(v.Id, request, 1, 1)).AsTask()));
        await EventuallyAsync(() => TotalAsync(tenant), t => t is { InFlight: 0, Leased.Requests: 0, TokensToday: var tokens } && tokens == 2 * granted.Length, "nothing in flight");
    }

    [TestMethod]
    public async Task Grain_ReadAnew_KnowsItsUsageAndLimits()
    {
        var tenant = Unique("tenant");
        await PutAsync(tenant, new() { TokensPerDay = 1000 });
        var (gate, request) = (Gate(Silos.Silos[0]), Request(tenant, 300, 0));
        var verdict = await gate.Reserve(request);
        Assert.IsTrue(await gate.Settle(new(verdict.Id, request, 290, 0)));
        await Silos.DeactivateAsync(Client.GetGrain<ITenantGrain>(tenant));
        var total = await TotalAsync(tenant);
        Assert.AreEqual((290L, 1000L), (total.TokensToday, total.Limits.TokensPerDay));
        Assert.AreEqual(TenantVerdictStatus.Refused, (await gate.Reserve(Request(tenant, 800, 0))).Status);
    }

    [TestMethod]
    public async Task PutAndDelete_CompareVersions_AndTellTheDirectoryAndTheLog()
    {
        var name = Unique("tenant");
        var grain = Client.GetGrain<ITenantGrain>(name);
        var created = await grain.Put(new() { Limits = new() { TokensPerDay = 5 } }, PolicyVersions.None, "ann");
        Assert.AreEqual((TenantStatus.Accepted, 1L), (created.Status, created.CurrentVersion));
        var rivals = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Client.GetGrain<ITenantGrain>(name).Put(new(), 1, $"writer-{i}")));
        Assert.AreEqual((1, 19), (rivals.Count(r => r.Status == TenantStatus.Accepted), rivals.Count(r => r is { Status: TenantStatus.Conflict, CurrentVersion: 2 })));
        Assert.AreEqual(TenantStatus.Invalid, (await grain.Put(new() { Limits = new() { TokensPerDay = -1 } }, 2, "ann")).Status);
        CollectionAssert.Contains((await Tenants()).ToArray(), name);
        Assert.AreEqual(3, (await grain.Delete(PolicyVersions.Any, "ann")).Tenant!.Version);
        Assert.AreEqual((TenantStatus.NotFound, null, null), ((await grain.Delete(PolicyVersions.Any, "ann")).Status, await grain.Get(), await grain.Usage()));
        CollectionAssert.DoesNotContain((await Tenants()).ToArray(), name);
        var log = await EventuallyAsync(
            async () => (await EventsAsync()).Where(e => e.Subject == name).Select(e => e.Type).ToArray(), types => types.Length == 3, "three events");
        CollectionAssert.AreEqual(
            new[] { EventTypes.TenantCreated, EventTypes.TenantUpdated, EventTypes.TenantDeleted }, log);

        static async Task<IReadOnlyList<string>> Tenants() => (await Client.GetGrain<IDirectoryGrain>(DirectoryKeys.Tenants).List()).Names;
    }

    [TestMethod]
    public async Task Placement_OfATenant_HoldsForItsRequestsWhereverTheyAsk()
    {
        var (tenant, model, cell) = (Unique("tenant"), Unique("model"), Unique("cell"));
        var (home, abroad) = (Unique("node"), Unique("node"));
        await RegisterAsync(home, cell, "zone-home");
        await RegisterAsync(abroad, cell, "zone-abroad");
        await using var first = KeepReporting(home, model);
        await using var second = KeepReporting(abroad, model, running: () => 0);
        var grain = Client.GetGrain<ITenantGrain>(tenant);
        var bad = await grain.Put(new() { Placement = new() }, PolicyVersions.None, "test");
        Assert.AreEqual((TenantStatus.Invalid, "placement"), (bad.Status, bad.Errors.Single().Field));
        await grain.Put(new() { Placement = new() { Zones = ["zone-home"] } }, PolicyVersions.None, "test");

        var decision = await DecisionAsync(tenant, d => d is { Eligible: 1, Excluded.Count: 1 });
        Assert.AreEqual(home, decision.Targets.Single().NodeId);
        Assert.AreEqual("tenant_placement", decision.Excluded.Single(e => e.NodeId == abroad).Reason);
        Assert.AreEqual(RouteStatus.NoEligibleTarget, (await Router().DryRun(new() { Model = model, Tenant = tenant, Zones = ["zone-abroad"] })).Status, "a request cannot leave it");
        await DecisionAsync("", d => d.Eligible == 2);

        await grain.Put(new() { Placement = new() { Zones = ["zone-abroad"] } }, PolicyVersions.Any, "test");
        Assert.AreEqual(abroad, (await DecisionAsync(tenant, d => d.Targets is [{ } only] && only.NodeId == abroad)).Targets[0].NodeId);
        await grain.Delete(PolicyVersions.Any, "test");
        await DecisionAsync(tenant, d => d.Eligible == 2);

        Task<RouteDecision> DecisionAsync(string of, Func<RouteDecision, bool> condition) =>
            EventuallyAsync(() => Router().DryRun(new() { Model = model, Tenant = of }).AsTask(), condition, $"decision for '{of}'");
    }

    /// <summary>A gate of this very silo.</summary>
    private static ITenantGateGrain Gate(InProcessSiloHandle silo) => silo.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<ITenantGateGrain>(0);

    private static TenantRequest Request(string tenant, int prompt, int output) => new() { Tenant = tenant, Model = "m", PromptTokens = prompt, OutputTokens = output };

    private static async Task PutAsync(string tenant, TenantLimits limits) =>
        Assert.AreEqual(TenantStatus.Accepted, (await Client.GetGrain<ITenantGrain>(tenant).Put(new() { Limits = limits }, PolicyVersions.None, "test")).Status);

    private static async Task<ScopeUsage> TotalAsync(string tenant) => (await Client.GetGrain<ITenantGrain>(tenant).Usage())!.Total;

    private static async Task<T?> TryAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return default;
        }
    }
}
