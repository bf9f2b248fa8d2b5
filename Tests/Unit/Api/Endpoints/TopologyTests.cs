using System.Text.Json;
using InferMesh.Grains.Abstractions.Topology;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class TopologyTests
{
    [TestMethod]
    public async Task Topology_Apis_AreThoseThatAnnouncedThemselvesThisOneToo()
    {
        using var api = new ApiHost(("InferMesh:Api:Name", "api-1"), ("InferMesh:Api:Zone", "z1"), ("InferMesh:Api:CoordinateDimensions", "3"));
        await api.Mesh.Topology.Announce(new() { Name = "api-2", Coordinate = new([1, 2, 3], 0.5, 0.25) });
        await Eventually.HoldsAsync(() => api.Mesh.Topology.List().Result.Count == 2, "this API says that it is there");
        var topology = (await api.GetAsync("/api/v1/topology")).AssertStatus(200).Json;
        var (first, second) = (topology.GetProperty("apis")[0], topology.GetProperty("apis")[1]);
        Assert.AreEqual(("api-1", "z1", 1.0), (first.GetProperty("name").GetString(), first.GetProperty("zone").GetString(), first.GetProperty("coordinate").GetProperty("error").GetDouble()));
        Assert.AreEqual(3, first.GetProperty("coordinate").GetProperty("position").GetArrayLength());
        Assert.AreEqual(("api-2", 0.25), (second.GetProperty("name").GetString(), second.GetProperty("coordinate").GetProperty("error").GetDouble()));
        Assert.IsFalse(second.TryGetProperty("zone", out _));
        var links = topology.GetProperty("links").EnumerateArray().Select(l => l.GetProperty("class").GetString()).ToArray();
        CollectionAssert.AreEqual(new[] { "nvlink", "intra_node", "rack", "zone", "region", "wan", "unknown" }, links);
    }

    [TestMethod]
    public async Task Path_FromApisAndNodes_IsMeasuredThenEstimatedThenOfTheClass()
    {
        using var api = new ApiHost(("InferMesh:Api:Name", "api-1"), ("InferMesh:Api:Zone", "z1"), ("InferMesh:Api:Region", "eu"));
        await api.Mesh.Topology.Announce(new() { Name = "api-2", Zone = "z2", Region = "eu", Coordinate = new([0, 0], 1, 0.1) });
        Node(api, "n1", "z1", "r1", new() { Coordinate = new([30, 40], 1, 0.1), Rtts = [new("api-1", 4)], Links = [new() { Port = "mlx5_0/1", State = "ACTIVE", RateBytesPerSecond = 1e9, TransmitBytesPerSecond = 9e8 }] });
        Node(api, "n2", "z1", "r1", null);
        Node(api, "n3", "z2", "", new() { Coordinate = new([0, 0], 1, 0.1) });

        Assert.AreEqual(("zone", 4.0, "measured", 1e8), Read((await api.GetAsync("/api/v1/topology/path?to=n1")).AssertStatus(200).Json));
        Assert.AreEqual(("region", 52.0, "coordinates", 1e8), Read((await api.GetAsync("/api/v1/topology/path?to=n1&fromApi=api-2")).AssertStatus(200).Json));
        Assert.AreEqual(("rack", 0.1, "link_class", 1e8), Read((await api.GetAsync("/api/v1/topology/path?to=n2&from=n1")).AssertStatus(200).Json));
        Assert.AreEqual(("region", 52.0, "coordinates", 1e8), Read((await api.GetAsync("/api/v1/topology/path?from=n3&to=n1")).AssertStatus(200).Json));
        Assert.AreEqual(("intra_node", 0.02, "link_class", 64e9), Read((await api.GetAsync("/api/v1/topology/path?from=n1&to=n1")).AssertStatus(200).Json));
        var priced = (await api.GetAsync("/api/v1/topology/path?from=n3&to=n1&bytes=1000000000")).AssertStatus(200).Json;
        Assert.AreEqual(0.026 + 10, priced.GetProperty("transferSeconds").GetDouble(), 1e-9);
        Assert.AreEqual(0.01, priced.GetProperty("dollars").GetDouble(), 1e-9);
    }

    [TestMethod]
    public async Task Path_Wrong_SaysWhat()
    {
        using var api = new ApiHost();
        Node(api, "n1", "", "", null);
        (await api.GetAsync("/api/v1/topology/path")).AssertProblem(400);
        (await api.GetAsync("/api/v1/topology/path?to=n1&from=n1&fromApi=x")).AssertProblem(400);
        (await api.GetAsync("/api/v1/topology/path?to=n1&bytes=-1")).AssertProblem(400);
        (await api.GetAsync("/api/v1/topology/path?to=nobody")).AssertProblem(404);
        (await api.GetAsync("/api/v1/topology/path?to=n1&from=nobody")).AssertProblem(404);
        (await api.GetAsync("/api/v1/topology/path?to=n1&fromApi=nobody")).AssertProblem(404);
    }

    private static void Node(ApiHost api, string id, string zone, string rack, NodeNetwork? network)
    {
        var node = api.Mesh.Node(id);
        node.View = new()
        {
            Registration = new() { NodeId = id, CellId = "c", Zone = zone, Region = "eu", Labels = new Dictionary<string, string> { ["rack"] = rack } },
            Network = network,
        };
    }

    private static (string?, double, string?, double) Read(JsonElement path) => (
        path.GetProperty("linkClass").GetString(), Math.Round(path.GetProperty("rttMs").GetDouble(), 6), path.GetProperty("rttSource").GetString(), path.GetProperty("bytesPerSecond").GetDouble());
}
