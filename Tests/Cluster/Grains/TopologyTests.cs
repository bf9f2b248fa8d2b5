using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Abstractions.Topology;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>What nodes find out about the network reaches the decisions of each API.</summary>
[TestClass]
public sealed class TopologyTests
{
    [TestMethod]
    public async Task Route_FromTwoApis_EachPrefersTheNodeThatItsCoordinateIsNear()
    {
        var (model, cell) = (Unique("model"), Unique("cell"));
        var (east, west) = (Unique("node"), Unique("node"));
        foreach (var node in new[] { east, west }) await RegisterAsync(node, cell);
        // Each agent reports to the east, so that its own round trip misleads whoever asks in the west.
        await using var reporting = KeepReporting(east, model, t => At(t, [100, 0], 2));
        await using var too = KeepReporting(west, model, t => At(t, [-100, 0], 200));
        await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d.Eligible == 2, "two nodes");

        Assert.AreEqual(east, (await AskAsync(new() { Name = "api-east", Coordinate = new([101, 0], 1, 0.1), Version = 1 })).Targets[0].NodeId);
        var west1 = await AskAsync(new() { Name = "api-west", Coordinate = new([-101, 0], 1, 0.1), Version = 1 });
        Assert.AreEqual(west, west1.Targets[0].NodeId);
        Assert.AreEqual(0.003, west1.Targets[0].Cost.Network, 0.0005);
        Assert.AreEqual(0.203, west1.Targets[1].Cost.Network, 0.0005);
        Assert.AreEqual(east, (await AskAsync(new() { Name = "api-west", Coordinate = new([-101, 0], 1, 0.9), Version = 2 })).Targets[0].NodeId, "a coordinate that says little is not used");
        Assert.AreEqual(0.007, (await AskAsync(new() { Name = "api-measured" })).Targets.First(t => t.NodeId == west).Cost.Network, 0.0005, "what was measured goes first");

        Task<RouteDecision> AskAsync(ApiPlace api) => Router().DryRun(new() { Model = model, Api = api }).AsTask();

        static NodeTelemetry At(NodeTelemetry telemetry, double[] position, double rttMs) => telemetry with
        {
            RttMs = rttMs,
            Network = new() { Coordinate = new(position, 1, 0.1), Rtts = [new("api-measured", 7)] },
        };
    }

    [TestMethod]
    public async Task Topology_ApisOfAllSilos_AreListed()
    {
        var topology = Client.GetGrain<ITopologyGrain>(ITopologyGrain.Key);
        var name = Unique("api");
        await topology.Announce(new() { Name = name, Zone = "z", Coordinate = new([1, 2], 3, 0.5), Version = 4 });
        var listed = (await topology.List()).Single(a => a.Name == name);
        Assert.AreEqual(("z", 4L, 3.0), (listed.Zone, listed.Version, listed.Coordinate!.HeightMs));
    }
}
