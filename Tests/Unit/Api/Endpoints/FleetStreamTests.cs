using System.Text.Json;
using InferMesh.Grains.Abstractions.Topology;
using InferMesh.Tests.Unit.Api.Fakes;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class FleetStreamTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [TestMethod]
    public async Task Page_HasAColumnForEachReading_AndNullWhereItIsUnknown()
    {
        using var api = new ApiHost();
        api.Mesh.Cells["c1"] = Cells.Of("c1", Cells.Node("n1", "c1"), Cells.Node("n2", "c1", "z2"));
        var cell = (await api.GetAsync("/api/v1/fleet")).AssertStatus(200).Json.GetProperty("items")[0];
        CollectionAssert.AreEqual(new[] { "n1", "n2" }, cell.GetProperty("nodes").EnumerateArray().Select(n => n.GetString()).ToArray());
        CollectionAssert.AreEqual(new[] { "z1", "z2" }, cell.GetProperty("zones").EnumerateArray().Select(n => n.GetString()).ToArray());
        Assert.AreEqual(("ready", 8, 0.75), (cell.GetProperty("health")[0].GetString(), cell.GetProperty("gpus")[0].GetInt32(), cell.GetProperty("load")[0].GetDouble()));
        Assert.AreEqual((4, 2, 0.5), (cell.GetProperty("running")[0].GetDouble(), cell.GetProperty("waiting")[0].GetDouble(), cell.GetProperty("vramUsage")[0].GetDouble()));
        foreach (var unknown in new[] { "kvCacheUsage", "smUtilization", "temperatureCelsius", "rttMs" }) Assert.AreEqual(JsonValueKind.Null, cell.GetProperty(unknown)[1].ValueKind, unknown);
        Assert.IsTrue(cell.GetProperty("synthetic").GetBoolean());
    }

    [TestMethod]
    public async Task Stream_BeginsWithAllCells_AndGoesOnWithThoseThatChange()
    {
        using var api = new ApiHost();
        api.Mesh.Cells["c1"] = Cells.Of("c1", Cells.Node("n1", "c1"));
        api.Mesh.Cells["c2"] = Cells.Of("c2", Cells.Node("n2", "c2"));
        using var limit = new CancellationTokenSource(Patience);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/fleet?intervalSeconds=1");
        request.Headers.Accept.Add(new("text/event-stream"));
        using var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.AreEqual("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
        Assert.AreEqual(("cell", "c1"), await NextAsync());
        Assert.AreEqual(("cell", "c2"), await NextAsync());

        api.Mesh.Cells["c2"] = api.Mesh.Cells["c2"] with { Version = 4 };
        Assert.AreEqual(("cell", "c2"), await NextAsync());
        api.Mesh.Cells.Remove("c1");
        Assert.AreEqual(("gone", "c1"), await NextAsync());

        async Task<(string Type, string Id)> NextAsync()
        {
            var type = "";
            while (await reader.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal)) type = line[7..];
                if (line.StartsWith("data: ", StringComparison.Ordinal)) return (type, JsonDocument.Parse(line[6..]).RootElement.GetProperty("id").GetString()!);
            }
            throw new InvalidOperationException("The stream ended.");
        }
    }

    [TestMethod]
    public async Task Stream_WithoutACluster_IsUnavailable_AndWithoutAPlaceRefused()
    {
        using var api = new ApiHost(("InferMesh:Api:MaxEventStreams", "1"));
        api.Mesh.Failures.Enqueue(new InvalidCastException("a bug"));
        (await api.GetAsync("/api/v1/fleet", ("Accept", "text/event-stream"))).AssertProblem(503);
        using var open = await api.Http.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead);
        (await api.GetAsync("/api/v1/fleet", ("Accept", "text/event-stream"))).AssertProblem(429);
        (await api.GetAsync("/api/v1/fleet?intervalSeconds=0")).AssertProblem(400);
    }

    [TestMethod]
    public async Task Links_AreMeasured_ElseFromCoordinates_ElseOfTheirClass()
    {
        using var api = new ApiHost();
        await api.Mesh.Topology.Announce(new() { Name = "api-1", Zone = "z1", Region = "r1" });
        api.Mesh.Cells["near"] = At("near", new([3, 0], 1, 0.1), new RttSample("api-1", 7));
        api.Mesh.Cells["far"] = At("far", new([0, 40], 1, 0.1));
        api.Mesh.Cells["blind"] = Cells.Of("blind", Cells.Node("n-blind", "blind") with { Region = "r9" });
        var view = (await api.GetAsync("/api/v1/topology/links")).AssertStatus(200).Json;
        var links = view.GetProperty("links").EnumerateArray().ToDictionary(l => $"{l.GetProperty("from").GetString()}-{l.GetProperty("to").GetString()}");
        Assert.AreEqual((7.0, "measured"), Of("api-1-near"));
        Assert.AreEqual(("coordinates", Math.Round(Math.Sqrt((3 * 3) + (40 * 40)) + 2, 3)), (Of("far-near").Source, Of("far-near").RttMs));
        Assert.AreEqual("link_class", Of("blind-far").Source);
        Assert.IsFalse(links.ContainsKey("near-far"), "Each link once.");

        (double RttMs, string Source) Of(string link) => (links[link].GetProperty("rttMs").GetDouble(), links[link].GetProperty("rttSource").GetString()!);
    }

    private static InferMesh.Grains.Abstractions.Cells.CellSnapshot At(string cell, NetworkCoordinate coordinate, params RttSample[] rtts)
    {
        var snapshot = Cells.Of(cell, Cells.Node($"n-{cell}", cell) with { Region = "r1" });
        return snapshot with { Nodes = snapshot.Nodes with { Network = [new() { Coordinate = coordinate, Rtts = rtts }] } };
    }
}
