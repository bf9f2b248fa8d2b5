using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Policies;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>One ledger for serving and training: what serving does not use is lent, and called back when a model has no other place.</summary>
[TestClass]
public sealed class LendingTests
{
    [TestMethod]
    public async Task IdleServingNode_IsLentToAJobAndCalledBackForAModel()
    {
        var (node, model, type) = (Unique("lending"), Unique("model"), Unique("gpu"));
        await using var runtime = await ModelAgent.StartAsync(node);
        await Client.GetGrain<INodeGrain>(node).Register(new() { NodeId = node, CellId = "cell-of-models", Zone = "zone-a", Labels = new Dictionary<string, string> { ["gpu"] = type } }, "test");
        await using var launcher = JobAgent.Join(node, "cell-of-models");
        var spec = new JobSpec { Name = "borrower", Command = ["train"], GpuTypes = new Dictionary<string, double> { [type] = 1 }, GraceSeconds = 60, CheckpointTo = "/checkpoints" };
        var (firm, borrower) = (Client.GetGrain<IJobGrain>(Unique("job")), Client.GetGrain<IJobGrain>(Unique("job")));
        await firm.Submit(spec with { Preemptible = false, Priority = 900 }, "test");
        await borrower.Submit(spec, "test");

        var placed = await UntilAsync(borrower, j => j.State == JobState.Running);
        Assert.IsTrue(placed.Placement!.Groups.Single().Lent);
        Assert.AreEqual(JobState.Queued, (await firm.Get())!.State, "what may not be preempted borrows nothing");

        await Client.GetGrain<IModelGrain>(model).Put(new() { Nodes = [node], VramBytes = 10L << 30 }, PolicyVersions.None, "test");
        var called = await UntilAsync(borrower, j => j.State == JobState.Preempted);
        StringAssert.Contains(called.Reason, "serving wants its GPUs back");
        await EventuallyAsync(() => Task.FromResult(runtime.Loaded.ContainsKey(model)), loaded => loaded, "the model is loaded");
        var claims = (await Client.GetGrain<ICapacityLedgerGrain>("cell-of-models").List()).Claims;
        Assert.IsTrue(claims.Any(c => c.Kind == ClaimKind.Serving && c.Gpus.Any(g => g.Node == node)), "serving has its GPU in the same ledger");

        await Client.GetGrain<IModelGrain>(model).Delete(PolicyVersions.Any, "test");
        await UntilAsync(borrower, j => j is { State: JobState.Running, Fence: 2 });
        foreach (var job in new[] { firm, borrower }) await job.Cancel("", "test");
        await UntilAsync(borrower, j => j.State == JobState.Cancelled);
    }

    private static async Task<MeshJob> UntilAsync(IJobGrain job, Func<MeshJob, bool> condition) => (await EventuallyAsync(job.Get, j => j is not null && condition(j), "job"))!;
}
