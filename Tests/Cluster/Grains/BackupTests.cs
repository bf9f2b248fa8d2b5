using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Objects are saved and restored under another name, where nothing was before, as in a cluster with a fresh database.</summary>
[TestClass]
public sealed class BackupTests
{
    [TestMethod]
    public async Task Policy_Restored_HasItsVersionsAndGoesOnFromThem()
    {
        var name = Unique("policy");
        var before = Client.GetGrain<IPolicyGrain>(name);
        await before.Put(Routing("mesh"), PolicyVersions.None, "ann");
        await before.Put(Routing("least_queue"), 1, "ben");
        var (grain, image, restored) = await RestoreAsync(BackedUpTypes.Policy, name);
        Assert.AreEqual((RestoreStatus.Created, 2L), (restored.Status, restored.Version));

        var after = Client.GetGrain<IPolicyGrain>(grain.GetPrimaryKeyString());
        CollectionAssert.AreEqual((await before.History()).Select(p => (p.Version, p.ChangedAt, p.ChangedBy, p.Spec.Routing!.Strategy)).ToArray(),
            (await after.History()).Select(p => (p.Version, p.ChangedAt, p.ChangedBy, p.Spec.Routing!.Strategy)).ToArray());
        CollectionAssert.Contains((await Client.GetGrain<IPolicyIndexGrain>(IPolicyIndexGrain.Key).List()).Policies.Select(p => p.Name).ToArray(), grain.GetPrimaryKeyString());
        Assert.AreEqual(RestoreStatus.Unchanged, (await grain.Restore(image, false, false, "test")).Status);
        Assert.AreEqual(3, (await after.Rollback(1, 2, "ann")).CurrentVersion);

        // Now there is something else.
        Assert.AreEqual(RestoreStatus.Conflict, (await grain.Restore(image, false, false, "test")).Status);
        Assert.AreEqual(RestoreStatus.Overwritten, (await grain.Restore(image, true, true, "test")).Status);
        Assert.AreEqual(3, (await after.Get())!.Version);
        var overwritten = await grain.Restore(image, true, false, "test");
        Assert.AreEqual((RestoreStatus.Overwritten, 4L), (overwritten.Status, overwritten.Version));
        Assert.AreEqual("least_queue", (await after.Get())!.Spec.Routing!.Strategy);
        Assert.AreEqual(RestoreStatus.Unchanged, (await grain.Restore(image, true, false, "test")).Status);

        // What was deleted since is made again.
        await after.Delete(PolicyVersions.Any, "ann");
        Assert.AreEqual((RestoreStatus.Created, 6L), ((await grain.Restore(image, false, false, "test")).Status, (await after.Get())!.Version));
        await Silos.DeactivateAsync(after);
        Assert.AreEqual(6, (await after.Get())!.Version);
    }

    [TestMethod]
    public async Task DeletedPolicy_Restored_CanBeRolledBack_AndDeletesNothing()
    {
        var name = Unique("policy");
        var before = Client.GetGrain<IPolicyGrain>(name);
        await before.Put(Routing("mesh"), PolicyVersions.None, "ann");
        await before.Delete(1, "ann");
        var (grain, image, _) = await RestoreAsync(BackedUpTypes.Policy, name);
        var after = Client.GetGrain<IPolicyGrain>(grain.GetPrimaryKeyString());
        Assert.IsTrue(image.Deleted);
        Assert.IsNull(await after.Get());
        Assert.AreEqual(3, (await after.Rollback(1, PolicyVersions.None, "ann")).CurrentVersion);
        Assert.AreEqual(RestoreStatus.Kept, (await grain.Restore(image, true, false, "test")).Status);
        Assert.IsNotNull(await after.Get());
    }

    [TestMethod]
    public async Task WhatIsNoState_IsInvalidAndChangesNothing()
    {
        var key = Unique("policy");
        foreach (var type in new[] { BackedUpTypes.Policy, BackedUpTypes.Endpoint, BackedUpTypes.Model, BackedUpTypes.Tenant, BackedUpTypes.Node, BackedUpTypes.Job, BackedUpTypes.Experiment })
        {
            var grain = Client.GetGrain<IBackedUpGrain>(GrainId.Create(type, key));
            foreach (var text in new[] { "{}", "[]", """{"Versions":[{"Name":"other","Spec":{}}]}""", """{"Registration":{"NodeId":"other","CellId":"c"}}""", """{"Tenant":{"Name":"other","Spec":{}}}""" })
                Assert.AreEqual(RestoreStatus.Invalid, (await grain.Restore(new(1, false, text), true, false, "test")).Status, type + text);
            Assert.IsNull(await grain.Save());
        }
    }

    [TestMethod]
    [DataRow(BackedUpTypes.Policy, """{"Versions":[{"Name":"N","Version":1,"Spec":{"Kind":1,"Priority":5000,"Routing":{"Strategy":"mesh"}}}]}""", "priority")]
    [DataRow(BackedUpTypes.Policy, """{"Versions":[{"Name":"N","Version":1,"Spec":null}]}""", "not a state")]
    [DataRow(BackedUpTypes.Policy, """{"Versions":[{"Name":"N","Version":1,"Spec":{"Kind":1,"Models":null,"Routing":{"Strategy":"mesh"}}}]}""", "not a state")]
    [DataRow(BackedUpTypes.Policy, """{"Versions":[{"Name":"N","Version":1,"Spec":{"Kind":1,"Models":[null],"Routing":{"Strategy":"mesh"}}}]}""", "not a state")]
    [DataRow(BackedUpTypes.Endpoint, """{"Versions":[{"Name":"N","Version":1,"Spec":{"Models":[]}}]}""", "models")]
    [DataRow(BackedUpTypes.Endpoint, """{"Versions":[{"Name":"N","Version":1,"Spec":null}]}""", "not a state")]
    [DataRow(BackedUpTypes.Model, """{"Versions":[{"Name":"N","Version":1,"Spec":{"Replicas":-1}}]}""", "replicas")]
    [DataRow(BackedUpTypes.Tenant, """{"Tenant":{"Name":"N","Version":1,"Spec":{"Limits":{"RequestsPerSecond":-1}}}}""", "requestsPerSecond")]
    [DataRow(BackedUpTypes.Tenant, """{"Tenant":{"Name":"N","Version":1,"Spec":null}}""", "not a state")]
    [DataRow(BackedUpTypes.Experiment, """{"Versions":[{"Name":"N","Version":1,"Plan":{"Arms":[]},"Standing":{"StartedAt":"2026-01-01T00:00:00Z"}}]}""", "arms")]
    [DataRow(BackedUpTypes.Experiment, """{"Versions":[{"Name":"N","Version":1,"Plan":{"Arms":[{"Name":"a","Strategy":"mesh"},{"Name":"b","Strategy":"spread"}]},"Standing":{"Stage":9,"Winner":"c","StoppedArms":["a"]}}]}""", "stage: 9 is no stage of an experiment. startedAt: is required: when it began. winner: 'c' is no challenger of it. stoppedArms")]
    [DataRow(BackedUpTypes.Experiment, """{"Versions":[{"Name":"N","Version":1,"Plan":{"Arms":[{"Name":"a","Strategy":"mesh"},{"Name":"b","Strategy":"spread"}]},"Standing":{"StartedAt":"2026-01-01T00:00:00Z","Stage":3}}]}""", "winner")]
    [DataRow(BackedUpTypes.Experiment, """{"Versions":[{"Name":"N","Version":1,"Plan":{"Arms":[{"Name":"a","Strategy":"mesh"},{"Name":"b","Strategy":"spread"}]},"Standing":{"StartedAt":"2026-01-01T00:00:00Z","Stage":1,"PausedAt":"2026-01-02T00:00:00Z"}}]}""", "pausedAt")]
    [DataRow(BackedUpTypes.Experiment, """{"Versions":[{"Name":"N","Version":1,"Plan":{"Arms":[{"Name":"a","Strategy":"mesh"},null]},"Standing":{"StartedAt":"2026-01-01T00:00:00Z"}}]}""", "not a state")]
    [DataRow(BackedUpTypes.Experiment, """{"Versions":[{"Name":"N","Version":1,"Plan":null,"Standing":{}}]}""", "not a state")]
    public async Task ContentThatNoCallWouldTake_IsInvalidAndChangesNothing(string type, string state, string why)
    {
        var name = Unique("restored");
        var grain = Client.GetGrain<IBackedUpGrain>(GrainId.Create(type, name));
        foreach (var dryRun in new[] { true, false })
        {
            var result = await grain.Restore(new(1, false, state.Replace("\"N\"", $"\"{name}\"", StringComparison.Ordinal)), true, dryRun, "test");
            Assert.AreEqual(RestoreStatus.Invalid, result.Status, result.Reason);
            Assert.Contains(why, result.Reason);
        }
        Assert.IsNull(await grain.Save());
    }

    [TestMethod]
    public async Task Policy_OfAnotherKindThanTheOneThatIsThere_IsInvalid()
    {
        var (name, other) = (Unique("policy"), Unique("policy"));
        await Client.GetGrain<IPolicyGrain>(name).Put(Routing("mesh"), PolicyVersions.None, "ann");
        await Client.GetGrain<IPolicyGrain>(other).Put(new() { Kind = PolicyKind.Quota, Tenants = ["t"], Quota = new() { MaxConcurrentRequests = 1 } }, PolicyVersions.None, "ann");
        var image = (await Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.Policy, name)).Save())!;
        var renamed = image with { State = image.State.Replace($"\"{name}\"", $"\"{other}\"", StringComparison.Ordinal) };
        Assert.AreEqual(RestoreStatus.Invalid, (await Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.Policy, other)).Restore(renamed, true, true, "test")).Status);
    }

    [TestMethod]
    public async Task Endpoint_Restored_HasItsKeysAndNames()
    {
        var name = Unique("endpoint");
        var key = new string('b', 64);
        var before = Client.GetGrain<IEndpointGrain>(name);
        await before.Put(new() { Models = [new("m")], Aliases = [name + "-alias"], Auth = new() { Keys = [key] } }, PolicyVersions.None, "ann");
        var image = await Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.Endpoint, name)).Save();
        var other = Unique("endpoint");
        var grain = Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.Endpoint, other));

        // The alias belongs to the one that is there.
        var renamed = image! with { State = image.State.Replace($"\"{name}\"", $"\"{other}\"", StringComparison.Ordinal) };
        Assert.AreEqual(RestoreStatus.Conflict, (await grain.Restore(renamed, true, true, "test")).Status, "in a dry run too");
        var taken = await grain.Restore(renamed, true, false, "test");
        Assert.AreEqual(RestoreStatus.Conflict, taken.Status);
        Assert.Contains($"belongs to endpoint {name}", taken.Reason);
        Assert.Contains("belongs to", (await Client.GetGrain<IEndpointGrain>(other).Check(new() { Models = [new("m")], Aliases = [name + "-alias"] })).Single().Message);
        await before.Delete(PolicyVersions.Any, "ann");
        Assert.AreEqual(RestoreStatus.Created, (await grain.Restore(renamed, false, false, "test")).Status);
        var after = (await Client.GetGrain<IEndpointGrain>(other).Get())!;
        Assert.AreEqual((1L, key), (after.Version, after.Spec.Auth!.Keys.Single()));
    }

    [TestMethod]
    public async Task Model_Restored_HasItsColdStarts()
    {
        var name = Unique("model");
        var before = Client.GetGrain<IModelGrain>(name);
        await before.Put(new() { Replicas = 0 }, PolicyVersions.None, "ann");
        await before.Learn("H100-80G", 12);
        var (grain, _, restored) = await RestoreAsync(BackedUpTypes.Model, name);
        Assert.AreEqual(RestoreStatus.Created, restored.Status);
        Assert.AreEqual(12, (await Client.GetGrain<IModelGrain>(grain.GetPrimaryKeyString()).ColdStarts()).Single().Seconds);
    }

    [TestMethod]
    public async Task Tenant_Restored_HasUsedWhatItHasUsed()
    {
        var name = Unique("tenant");
        await Client.GetGrain<ITenantGrain>(name).Put(new() { Limits = new() { TokensPerDay = 1000 } }, PolicyVersions.None, "ann");
        var gate = Silos.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<ITenantGateGrain>(0);
        var request = new TenantRequest { Tenant = name, Model = "m", PromptTokens = 300 };
        var verdict = await gate.Reserve(request);
        Assert.IsTrue(await gate.Settle(new(verdict.Id, request, 290, 0)));
        await EventuallyAsync(() => Client.GetGrain<ITenantGrain>(name).Usage(), u => u!.Total.TokensToday == 290, "usage");

        var (grain, image, restored) = await RestoreAsync(BackedUpTypes.Tenant, name);
        Assert.AreEqual((RestoreStatus.Created, 1L), (restored.Status, restored.Version));
        var after = Client.GetGrain<ITenantGrain>(grain.GetPrimaryKeyString());
        var usage = (await after.Usage())!.Total;
        Assert.AreEqual((290L, 0L, 1000L), (usage.TokensToday, usage.Leased.TokensPerDay, usage.Limits.TokensPerDay));
        CollectionAssert.Contains((await Client.GetGrain<IDirectoryGrain>(DirectoryKeys.Tenants).List()).Names.ToArray(), grain.GetPrimaryKeyString());
        await after.Put(new(), 1, "ann");
        Assert.AreEqual(RestoreStatus.Conflict, (await grain.Restore(image, false, false, "test")).Status);
        Assert.AreEqual((RestoreStatus.Overwritten, 3L), ((await grain.Restore(image, true, false, "test")).Status, (await after.Get())!.Version));
    }

    [TestMethod]
    public async Task Node_Restored_IsInItsCellAndStillKeptOut()
    {
        var (name, cell) = (Unique("node"), Unique("cell"));
        var before = await RegisterAsync(name, cell);
        await before.Cordon("fan", "ann");
        await before.Quarantine("wrong answers", "ann");
        var version = (await before.Get())!.Version;
        var (grain, image, restored) = await RestoreAsync(BackedUpTypes.Node, name);
        Assert.AreEqual((RestoreStatus.Created, version), (restored.Status, restored.Version));
        var after = Client.GetGrain<INodeGrain>(grain.GetPrimaryKeyString());
        var view = (await after.Get())!;
        Assert.AreEqual((NodeHealth.Cordoned, "fan", "wrong answers"), (view.Health, view.Reason, view.Quarantine!.Fault.Evidence));
        CollectionAssert.Contains((await Client.GetGrain<IDirectoryGrain>(DirectoryKeys.NodesOf(cell)).List()).Names.ToArray(), grain.GetPrimaryKeyString());
        await EventuallyAsync(() => Client.GetGrain<ICellSummaryGrain>(cell).Snapshot(), s => s.Nodes.Registration.Any(n => n.NodeId == grain.GetPrimaryKeyString()), "the node in its cell");

        Assert.AreEqual(RestoreStatus.Unchanged, (await grain.Restore(image, false, false, "test")).Status);
        await after.Uncordon("ann");
        Assert.AreEqual(RestoreStatus.Conflict, (await grain.Restore(image, false, false, "test")).Status);
        Assert.AreEqual(RestoreStatus.Overwritten, (await grain.Restore(image, true, false, "test")).Status);
        Assert.AreEqual((NodeHealth.Cordoned, true), ((await after.Get())!.Health, (await after.Get())!.Quarantine is not null));
        Assert.AreEqual(NodeCommandStatus.Conflict, (await after.RegisterAt(view.Registration with { Zone = "z" }, version, "ann")).Status);
        Assert.AreEqual("z", (await after.RegisterAt(view.Registration with { Zone = "z" }, (await after.Get())!.Version, "ann")).Node!.Registration.Zone);
        Assert.AreEqual(NodeCommandStatus.Conflict, (await Client.GetGrain<INodeGrain>(Unique("node")).RegisterAt(view.Registration, 1, "ann")).Status);
    }

    private static PolicySpec Routing(string strategy) => new() { Kind = PolicyKind.Routing, Models = ["nobody"], Routing = new() { Strategy = strategy } };

    private static async Task<(IBackedUpGrain Grain, ObjectImage Image, RestoreResult Result)> RestoreAsync(string type, string name)
    {
        var image = (await Client.GetGrain<IBackedUpGrain>(GrainId.Create(type, name)).Save())!;
        var other = Unique("restored");
        var renamed = image with { State = image.State.Replace($"\"{name}\"", $"\"{other}\"", StringComparison.Ordinal) };
        var grain = Client.GetGrain<IBackedUpGrain>(GrainId.Create(type, other));
        Assert.AreEqual(RestoreStatus.Created, (await grain.Restore(renamed, false, true, "test")).Status);
        Assert.IsNull(await grain.Save());
        return (grain, renamed, await grain.Restore(renamed, false, false, "test"));
    }
}
