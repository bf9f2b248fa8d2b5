using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

[TestClass]
[DoNotParallelize]
public sealed class SiloLossTests
{
    [TestMethod]
    public async Task KilledSilo_NodesAndPoliciesSurvive_AndRoutingGoesOn()
    {
        var third = await Silos.StartAdditionalSiloAsync();
        var (model, policy) = (Unique("model"), Unique("policy"));
        var nodes = Enumerable.Range(0, 8).Select(_ => Unique("node")).ToArray();
        // Cells of their own, so that some cell grains live on the silo that dies.
        foreach (var node in nodes) await RegisterAsync(node, Unique("cell"));
        await Client.GetGrain<IPolicyGrain>(policy).Put(new() { Kind = PolicyKind.Routing, Models = [model], Routing = new() { Strategy = "least_queue" } }, PolicyVersions.None, "test");
        var reporters = nodes.Select(n => KeepReporting(n, model)).ToArray();
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d is { Eligible: 8, Strategy: "least_queue" }, "eight nodes");

        await Silos.KillSiloAsync(third);

        await EventuallyAsync(() => TryAsync(async () => (RouteDecision?)await Router().DryRun(new() { Model = model })), d => d is { Eligible: 8, Strategy: "least_queue" }, "eight nodes again");
        foreach (var node in nodes)
        {
            var view = await EventuallyAsync(() => TryAsync(() => Client.GetGrain<INodeGrain>(node).Get()), v => v?.Health == NodeHealth.Ready, $"{node} ready");
            Assert.IsNotNull(view);
        }
        Assert.AreEqual("least_queue", (await Client.GetGrain<IPolicyGrain>(policy).Get())!.Spec.Routing!.Strategy);
        foreach (var reporter in reporters) await reporter.DisposeAsync();
        await Client.GetGrain<IPolicyGrain>(policy).Delete(PolicyVersions.Any, "test");
    }

    private static async Task<T?> TryAsync<T>(Func<Task<T?>> call) where T : class
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return null;
        }
    }
}
