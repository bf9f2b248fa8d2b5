using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Agents of the running mesh measure their way to the API, and find their places.</summary>
[TestClass]
public sealed class TopologyTests
{
    [TestMethod]
    public async Task Nodes_AfterSomeMeasurements_HaveAPlaceAndAWay()
    {
        var mesh = await SharedMesh.GetAsync();
        await ExternalProcess.UntilAsync(
            async () => (await Task.WhenAll((await mesh.NodesAsync("ready")).Where(id => id.StartsWith("syn-", StringComparison.Ordinal)).Select(id => ErrorAsync(mesh, id)))) is { Length: >= 8 } errors && errors.All(e => e < 0.5),
            TimeSpan.FromMinutes(2), "eight nodes with a coordinate that says something");

        var topology = await mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/topology");
        var api = topology.GetProperty("apis").EnumerateArray().Single();
        Assert.IsLessThan(0.5, api.GetProperty("coordinate").GetProperty("error").GetDouble(), "the API has moved too");
        var way = await mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/topology/path?to=syn-c0-n0");
        Assert.AreEqual("measured", way.GetProperty("rttSource").GetString());
        Assert.IsTrue(way.GetProperty("rttMs").GetDouble() is > 0 and < 100, way.ToString());
        Assert.AreEqual("coordinates", (await mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/topology/path?from=syn-c0-n0&to=syn-c1-n0")).GetProperty("rttSource").GetString());

        using var decision = await mesh.Api.PostAsJsonAsync("/api/v1/route:dryRun", new { model = SharedMesh.Model });
        var target = (await decision.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("targets")[0];
        Assert.IsTrue(target.GetProperty("cost").GetProperty("network").GetDouble() is > 0 and < 0.1, "priced from here");
    }

    private static async Task<double> ErrorAsync(MeshProcess mesh, string node)
    {
        var detail = await mesh.Api.GetFromJsonAsync<JsonElement>($"/api/v1/nodes/{node}");
        return detail.TryGetProperty("network", out var network) && network.TryGetProperty("coordinate", out var coordinate) ? coordinate.GetProperty("error").GetDouble() : 1;
    }
}
