using System.Text.Json;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using static InferMesh.Tests.Cluster.Grains.ExperimentMesh;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Experiments out of backups, with their outcomes.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ExperimentBackupTests
{
    [TestMethod]
    public async Task OfARunningOne_RestoredWhereNothingIs_GoesOnWithItsOutcomes()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var (name, other) = (await mesh.BeginAsync(Plan(mesh.Model)), mesh.Name());
        await mesh.RunAsync(name, static _ => 100, static r => r.Arms.Sum(a => a.Requests) >= 600);
        var image = await EventuallyAsync(() => Saved(name).Save(), i => Counted(i!) > 500, "stored outcomes");
        var counted = (await Client.GetGrain<IExperimentGrain>(name).Read())!.Arms.Sum(a => a.Requests);
        await Client.GetGrain<IExperimentGrain>(name).Delete(PolicyVersions.Any, "", "test");
        await EventuallyAsync(() => mesh.RouteAsync(), d => d.Experiment.Length == 0, "no experiment");

        image = Renamed(image!, name, other);
        Assert.AreEqual(RestoreStatus.Created, (await Saved(other).Restore(image, false, true, "ann")).Status);
        Assert.IsNull(await Client.GetGrain<IExperimentGrain>(other).Read(), "a dry run");
        Assert.AreEqual((RestoreStatus.Created, 1L), await Saved(other).Restore(image, false, false, "ann") is var created ? (created.Status, created.Version) : default);
        var restored = (await Client.GetGrain<IExperimentGrain>(other).Read())!;
        Assert.AreEqual((ExperimentStage.Running, "test"), (restored.Experiment.Standing.Stage, restored.Experiment.ChangedBy));
        var back = Counted(image);
        Assert.AreEqual((back, true), (restored.Arms.Sum(a => a.Requests), back <= counted), $"{restored.Arms[0]} {restored.Arms[1]} of {counted}");

        var ended = await mesh.RunAsync(other, arm => arm == "challenger" ? 400 : 100, static r => r.Experiment.Standing.Stage != ExperimentStage.Running);
        Assert.AreEqual((ExperimentStage.Stopped, "losing"), (ended.Experiment.Standing.Stage, ended.Changes[0].Reason));
        Assert.IsGreaterThan(back, ended.Arms.Sum(a => a.Requests));
        // It went on since: what it found is not taken back, whoever asks.
        foreach (var overwrite in new[] { false, true })
            Assert.AreEqual((RestoreStatus.Unchanged, ended.Experiment.Version), await Saved(other).Restore(image, overwrite, false, "ann") is var again ? (again.Status, again.Version) : default);
        await EventuallyAsync(EventsAsync, all => all.Any(e => e.Subject == other && e is { Type: EventTypes.ExperimentStarted, Actor: "ann", Reason: "restored" }), "the event");
    }

    [TestMethod]
    public async Task RestoredOverAnotherOfItsName_IsAConflict_OrBringsStateAndOutcomes()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var (name, other) = (await mesh.BeginAsync(Plan(mesh.Model)), mesh.Name());
        await mesh.RunAsync(name, arm => arm == "challenger" ? 300 : 100, static r => r.Experiment.Standing.Stage != ExperimentStage.Running);
        var (saved, before) = ((await Saved(name).Save())!, (await Client.GetGrain<IExperimentGrain>(name).Read())!);
        var image = Renamed(saved, name, other);
        var grain = Client.GetGrain<IExperimentGrain>(other);
        await grain.Create(Plan($"{mesh.Model}-other"), "test");

        var conflict = await Saved(other).Restore(image, false, false, "ann");
        Assert.AreEqual(RestoreStatus.Conflict, conflict.Status);
        Assert.Contains("other content", conflict.Reason);
        Assert.AreEqual(ExperimentStage.Running, (await grain.Get())!.Standing.Stage);
        Assert.AreEqual(RestoreStatus.Overwritten, (await Saved(other).Restore(image, true, false, "ann")).Status);
        var after = (await grain.Read())!;
        Assert.AreEqual((2L, ExperimentStage.Stopped, mesh.Model), (after.Experiment.Version, after.Experiment.Standing.Stage, after.Experiment.Plan.Models[0]));
        CollectionAssert.AreEqual(before.Arms.ToArray(), after.Arms.ToArray());
        CollectionAssert.AreEqual(before.Changes.ToArray(), after.Changes.ToArray());
        await Silos.DeactivateAsync(grain);
        CollectionAssert.AreEqual(before.Arms.ToArray(), (await grain.Read())!.Arms.ToArray(), "it was stored with the version");

        // What was deleted since is made again.
        await grain.Delete(PolicyVersions.Any, "", "test");
        Assert.AreEqual((RestoreStatus.Created, 4L), ((await Saved(other).Restore(image, false, false, "ann")).Status, (await grain.Get())!.Version));
    }

    [TestMethod]
    public async Task WithAPluginThatIsNotThere_ComesBack_AndServesNobodyUntilItIs()
    {
        await using var mesh = await ExperimentMesh.StartAsync();
        var (name, other, plugin) = (await mesh.BeginAsync(Plan(mesh.Model)), mesh.Name(), Unique("plugin").Replace('-', '_'));
        var image = Renamed((await Saved(name).Save())!, name, other);
        await Client.GetGrain<IExperimentGrain>(name).Delete(PolicyVersions.Any, "", "test");
        image = image with { State = image.State.Replace("\"baseline_rr\"", $"\"{plugin}@1.0.0\"", StringComparison.Ordinal) };
        Assert.AreEqual(RestoreStatus.Created, (await Saved(other).Restore(image, false, false, "ann")).Status);
        await EventuallyAsync(() => mesh.RouteAsync(), d => d.Experiment.Length == 0, "what policies say");

        await Client.GetGrain<IPluginGateGrain>(0).Push(new(PluginArchive.Of(plugin, "1.0.0"), true, false), "test");
        await Client.GetGrain<IPluginGrain>(plugin).Enable("", false, "test");
        await EventuallyAsync(() => mesh.RouteAsync(), d => d.Experiment == other && d.Strategy == $"{plugin}@1.0.0", "the plugin");
        await Client.GetGrain<IExperimentGrain>(other).Stop(PolicyVersions.Any, "", "test");
        await Client.GetGrain<IPluginGrain>(plugin).Remove("", true, "test");
    }

    [TestMethod]
    public async Task OfAWatchedOneWithoutItsBaseline_ComesBackWithAWarning()
    {
        var (name, other) = (Unique("experiment"), Unique("experiment"));
        await Client.GetGrain<IExperimentGrain>(name).Create(Plan("nobody"), "test");
        var image = Renamed((await Saved(name).Save())!, name, other);
        await Client.GetGrain<IExperimentGrain>(name).Delete(PolicyVersions.Any, "", "test");
        image = image with { State = image.State.Replace("\"Stage\":0", "\"Stage\":3", StringComparison.Ordinal).Replace("\"Winner\":\"\"", "\"Winner\":\"challenger\"", StringComparison.Ordinal) };
        Assert.AreEqual(RestoreStatus.Created, (await Saved(other).Restore(image, false, false, "ann")).Status);
        var report = await EventuallyAsync(() => Client.GetGrain<IExperimentGrain>(other).Read(), r => r!.Experiment.Standing.Warning.Length > 0, "the warning");
        Assert.AreEqual(ExperimentStage.Promoted, report!.Experiment.Standing.Stage);
        Assert.Contains("could not be read", report.Experiment.Standing.Warning);
        Assert.AreEqual(PolicyStatus.Accepted, (await Client.GetGrain<IExperimentGrain>(other).Delete(PolicyVersions.Any, "", "test")).Status);
    }

    private static IBackedUpGrain Saved(string name) => Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.Experiment, name));

    private static ObjectImage Renamed(ObjectImage image, string name, string other) => image with { State = image.State.Replace($"\"{name}\"", $"\"{other}\"", StringComparison.Ordinal) };

    /// <summary>Requests of all arms in what is stored.</summary>
    private static long Counted(ObjectImage image)
    {
        using var state = JsonDocument.Parse(image.State);
        var outcomes = state.RootElement.GetProperty("Outcomes");
        return outcomes.GetProperty("Folded").EnumerateArray().Concat(outcomes.GetProperty("Silos").EnumerateArray().SelectMany(static s => s.GetProperty("Arms").EnumerateArray())).Sum(static a => a.GetProperty("Requests").GetInt64());
    }
}
