using InferMesh.Adapters.Runtimes;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Fleet;
using InferMesh.Cli.Fleet.Http;

namespace InferMesh.Tests.Unit.Cli.Fleet.Http;

[TestClass]
public sealed class NodePagesTests
{
    [TestMethod]
    public async Task Read_WithoutAConnection_SaysWhatHttpSays()
    {
        await using var fleet = await SyntheticFleet.StartAsync(new FleetOptions { Nodes = 2, Cells = 1, BasePort = 0, AdminPort = 0 }, TimeProvider.System, CancellationToken.None);
        using var clients = new ProbeClients();
        using var pages = new HttpClient(new NodePages(fleet.Nodes));
        foreach (var path in new[] { "/health", "/v1/models", "/metrics", "/nothing" })
        {
            using var overHttp = await clients.Shared.GetAsync(new Uri(fleet.Nodes[0].Endpoint, path));
            using var direct = await pages.GetAsync(new Uri(fleet.Nodes[0].Endpoint, path));
            Assert.AreEqual(overHttp.StatusCode, direct.StatusCode, path);
            if (path == "/nothing") continue;
            Assert.AreEqual(overHttp.Content.Headers.ContentType, direct.Content.Headers.ContentType, path);
            Assert.AreEqual(await overHttp.Content.ReadAsStringAsync(), await direct.Content.ReadAsStringAsync(), path);
        }
        var reading = await ReadAsync(pages, fleet.Nodes[1]);
        Assert.IsTrue(reading is { Healthy: true, Synthetic: true, Models: [{ Loaded: true }] });
    }

    [TestMethod]
    public async Task Read_NodeFailsOrHangs_IsUnhealthy()
    {
        await using var fleet = await SyntheticFleet.StartAsync(new FleetOptions { Nodes = 1, Cells = 1, BasePort = 0, AdminPort = 0 }, TimeProvider.System, CancellationToken.None);
        using var pages = new HttpClient(new NodePages(fleet.Nodes));
        fleet.Nodes[0].SetMode(new(NodeMode.Fail));
        Assert.IsFalse((await ReadAsync(pages, fleet.Nodes[0])).Healthy);
        fleet.Nodes[0].SetMode(new(NodeMode.Hang));
        Assert.IsFalse((await ReadAsync(pages, fleet.Nodes[0])).Healthy);
        fleet.Nodes[0].SetMode(NodeModeSetting.Ok);
        Assert.IsTrue((await ReadAsync(pages, fleet.Nodes[0])).Healthy);
        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => pages.GetAsync(new Uri("http://127.0.0.1:1/metrics")));
    }

    private static async Task<RuntimeReading> ReadAsync(HttpClient client, SyntheticNode node) =>
        await RuntimeKinds.CreateProbe(RuntimeKinds.Vllm, client, new RuntimeProbeOptions { Endpoint = node.Endpoint, Timeout = TimeSpan.FromMilliseconds(500) }, TimeProvider.System).ReadAsync(CancellationToken.None);
}
