using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using Wasmtime;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Jobs whose strategy is a plugin: checked when they come, placed by the version that serves, and by the default strategy where it does not answer.</summary>
[TestClass]
[DoNotParallelize]
public sealed class JobPluginTests
{
    private const string Default = "topology_best_fit";

    [TestMethod]
    public async Task Submit_NamesAPlugin_IsCheckedAndPlacedByTheVersionThatServes()
    {
        var (name, type) = (Name(), Unique("jobs"));
        await using var agent = await JobAgent.StartAsync($"{type}-0", type, gpus: 8, gpuType: type);
        var routing = Name();
        await PushAsync(PluginArchive.Of(routing, "1.0.0"));
        Assert.AreEqual(PluginStatus.Accepted, (await Plugin(routing).Enable("", false, "test")).Status);
        await RefusedAsync(type, name, "there is none of this name");
        await RefusedAsync(type, routing, "ranks the targets of requests");
        await PushAsync(PluginArchive.OfTraining(name, "1.0.0"));
        await RefusedAsync(type, name, "not enabled");
        Assert.AreEqual("kind", (await Client.GetGrain<IPluginGateGrain>(0).Push(new(PluginArchive.Of(name, "2.0.0"), false, false), "test")).Errors.Single().Field);
        Assert.AreEqual(PluginStatus.Accepted, (await Plugin(name).Enable("", false, "test")).Status);
        await RefusedAsync(type, $"{name}@7.0.0", "no version 7.0.0");
        var policy = await Client.GetGrain<IPolicyGrain>(name).Put(new() { Kind = PolicyKind.Routing, Models = [type], Routing = new() { Strategy = name } }, PolicyVersions.None, "test");
        Assert.AreEqual("routing.strategy", policy.Errors.Single().Field);

        Assert.AreEqual($"{name}@1.0.0", (await PlacedAsync(type, name)).Strategy);
        await PushAsync(PluginArchive.OfTraining(name, "2.0.0"));
        Assert.AreEqual(PluginStatus.Accepted, (await Plugin(name).Enable("2.0.0", false, "test")).Status);
        // A dry run asks the same scheduler as jobs do: what it says holds for the next one.
        var preview = await EventuallyAsync(() => Scheduler.DryRun(Spec(type, name)), p => p.Placement?.Strategy == $"{name}@2.0.0", "the new version");
        Assert.AreEqual("placed", preview.Verdict);
        Assert.AreEqual($"{name}@2.0.0", (await PlacedAsync(type, name)).Strategy);
        Assert.AreEqual($"{name}@1.0.0", (await PlacedAsync(type, $"{name}@1.0.0")).Strategy, "A version by its name is loaded for the job.");

        Assert.AreEqual(PluginStatus.Accepted, (await Plugin(name).Disable(true, "test")).Status);
        await RefusedAsync(type, name, "not enabled");
        foreach (var plugin in new[] { name, routing }) await Plugin(plugin).Remove("", true, "test");
    }

    [TestMethod]
    [DataRow("unreachable", "trap", DisplayName = "trap")]
    [DataRow("i32.const 0", "invalid", DisplayName = "no answer")]
    [DataRow("(loop $l (br $l)) i32.const 0", "timeout", DisplayName = "infinite loop")]
    public async Task Submit_PluginThatFails_IsPlacedByTheDefaultAndSaysWhy(string body, string reason)
    {
        var (name, type) = (Name(), Unique("jobs"));
        await using var agent = await JobAgent.StartAsync($"{type}-0", type, gpus: 4, gpuType: type);
        await PushAsync(PluginArchive.OfTraining(name, "1.0.0", Module.ConvertText($"""
            (module (memory (export "memory") 4) (func (export "im_abi_version") (result i32) i32.const 1)
              (func (export "im_reserve") (param i32) (result i32) i32.const 65536) (func (export "im_place") (param $g i32) (result i32) {body}))
            """)));
        Assert.AreEqual(PluginStatus.Accepted, (await Plugin(name).Enable("", false, "test")).Status);
        var (id, place) = await RunningAsync(type, name);
        Assert.AreEqual(Default, place.Strategy);
        StringAssert.Contains(place.Why, $"{name}@1.0.0 did not place it: {reason}");
        StringAssert.Contains((await Scheduler.Explain(id))!.Reason, $"{name}@1.0.0 did not place it: {reason}");
        await Job(id).Cancel("", "test");
        await Plugin(name).Remove("", true, "test");
    }

    [TestMethod]
    public async Task Submit_DuringADryRunOfAPluginThatIsNotThere_IsPlacedByItsOwn()
    {
        var (name, type) = (Name(), Unique("jobs"));
        await PushAsync(PluginArchive.OfTraining(name, "1.0.0"));
        await PushAsync(PluginArchive.OfTraining(name, "2.0.0"));
        Assert.AreEqual(PluginStatus.Accepted, (await Plugin(name).Enable("2.0.0", false, "test")).Status);
        var (lost, other) = (await LostAsync(), Unique("job"));
        var preview = Scheduler.DryRun(Spec(type, "nowhere@1.0.0"));
        await Task.Delay(200);
        Assert.AreEqual(JobResultStatus.Accepted, (await Job(other).Submit(Spec(type, lost), "test")).Status);
        await Task.Delay(200);
        var id = Unique("job");
        Assert.AreEqual(JobResultStatus.Accepted, (await Job(id).Submit(Spec(type, $"{name}@1.0.0"), "test")).Status);
        Assert.AreEqual("never", (await preview).Verdict, "no GPU of its type");

        await using var agent = await JobAgent.StartAsync($"{type}-0", type, gpus: 4, gpuType: type);
        var job = await EventuallyAsync(() => Job(id).Get(), j => j is { State: JobState.Running, Placement: not null }, "running");
        Assert.AreEqual(($"{name}@1.0.0", false), (job!.Placement!.Strategy, job.Placement.Why.Contains("not loaded", StringComparison.Ordinal)), job.Placement.Why);
        foreach (var one in new[] { id, other }) await Job(one).Cancel("", "test");
        foreach (var plugin in new[] { name, lost }) await Plugin(plugin).Remove("", true, "test");
    }

    [TestMethod]
    public async Task Submit_PluginThatIsNotThere_HoldsUpNobodyElse()
    {
        var type = Unique("jobs");
        await using var agent = await JobAgent.StartAsync($"{type}-0", type, gpus: 4, gpuType: type);
        // Agents are known once a job of theirs runs.
        await Job((await RunningAsync(type, "")).Id).Cancel("", "test");
        var (name, id) = (await LostAsync(), Unique("job"));
        Assert.AreEqual(JobResultStatus.Accepted, (await Job(id).Submit(Spec(type, name), "test")).Status);
        await Task.Delay(300);
        var began = DateTime.UtcNow;
        await RunningAsync(type, "");
        Assert.IsLessThan(TimeSpan.FromSeconds(3), DateTime.UtcNow - began);
        await Job(id).Cancel("", "test");
        await Plugin(name).Remove("", true, "test");
    }

    /// <summary>A plugin that is enabled and that no silo can load, as its content is not stored.</summary>
    private static async Task<string> LostAsync()
    {
        var name = Name();
        await PushAsync(PluginArchive.OfTraining(name, "1.0.0"));
        await Client.GetGrain<IPluginPackageGrain>((await Plugin(name).Get())!.Spec.Versions.Single().Digest).Delete();
        Assert.AreEqual(PluginStatus.Accepted, (await Plugin(name).Enable("", false, "test")).Status);
        return name;
    }

    private static IJobSchedulerGrain Scheduler => Client.GetGrain<IJobSchedulerGrain>(IJobSchedulerGrain.Key);

    private static JobSpec Spec(string type, string strategy) =>
        new() { Name = "test", Tenant = type, Workers = 1, GpusPerWorker = 2, Command = ["train"], GpuTypes = new Dictionary<string, double> { [type] = 1 }, Strategy = strategy };

    private static async Task<JobPlacement> PlacedAsync(string type, string strategy)
    {
        var (id, place) = await RunningAsync(type, strategy);
        await Job(id).Cancel("", "test");
        return place;
    }

    private static async Task<(string Id, JobPlacement Place)> RunningAsync(string type, string strategy)
    {
        var id = Unique("job");
        var result = await Job(id).Submit(Spec(type, strategy), "test");
        Assert.AreEqual(JobResultStatus.Accepted, result.Status, string.Join("; ", result.Errors));
        var job = await EventuallyAsync(() => Job(id).Get(), j => j is { State: JobState.Running, Placement: not null }, $"{id} with {strategy}");
        return (id, job!.Placement!);
    }

    private static async Task RefusedAsync(string type, string strategy, string why)
    {
        var refused = await Job(Unique("job")).Submit(Spec(type, strategy), "test");
        Assert.AreEqual((JobResultStatus.Invalid, "strategy"), (refused.Status, refused.Errors.Single().Field));
        StringAssert.Contains(refused.Errors.Single().Message, why);
    }

    private static async Task PushAsync(byte[] archive) => Assert.AreEqual(PluginStatus.Accepted, (await Client.GetGrain<IPluginGateGrain>(0).Push(new(archive, false, false), "test")).Status);

    private static IJobGrain Job(string id) => Client.GetGrain<IJobGrain>(id);

    private static IPluginGrain Plugin(string name) => Client.GetGrain<IPluginGrain>(name);

    private static string Name() => Unique("plugin").Replace('-', '_');
}
