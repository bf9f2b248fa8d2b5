using System.Net;
using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Dcgm;
using InferMesh.Cli;
using InferMesh.Cli.Agent.Config;
using InferMesh.Cli.Agent.Metrics;
using InferMesh.Tests.Shared;
using InferMesh.Tests.Unit.Adapters.Gpu.Dcgm;

namespace InferMesh.Tests.Unit.Cli.Agent;

[TestClass]
public sealed class AgentMetricsTests
{
    private const string Exporter =
        "# HELP DCGM_FI_DEV_GPU_TEMP GPU temperature (in C).\n# TYPE DCGM_FI_DEV_GPU_TEMP gauge\nDCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\",modelName=\"A \\\"card\\\"\",node=\"k8s-7\"} 41\n"
        + "# TYPE DCGM_FI_DEV_XID_ERRORS gauge\nDCGM_FI_DEV_XID_ERRORS{gpu=\"0\",UUID=\"GPU-a\"} 0\n# TYPE go_goroutines gauge\ngo_goroutines 7\n";

    [TestMethod]
    public async Task Page_OfAnAgentThatReadsDcgm_PassesItsMetricsOnWithTheNode()
    {
        var answers = true;
        await using var exporter = new LoopbackPage(_ => answers ? LoopbackPage.Ok(Exporter) : "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        using var source = new DcgmGpuSource(new() { Endpoint = exporter.Address });
        var listen = new IPEndPoint(IPAddress.Loopback, ExternalProcess.FreePort());
        await using var metrics = await AgentMetrics.ServeAsync(listen, Config(), source, CancellationToken.None);
        using var client = new HttpClient();
        StringAssert.DoesNotMatch(await client.GetStringAsync(new Uri($"http://{listen}/metrics")), new("DCGM"), "nothing was read yet");

        Assert.IsInstanceOfType<GpuSourceResult.Available>(source.Read());
        var page = await client.GetStringAsync(new Uri($"http://{listen}/metrics"));
        StringAssert.Contains(page, "# HELP DCGM_FI_DEV_GPU_TEMP GPU temperature (in C).\n# TYPE DCGM_FI_DEV_GPU_TEMP gauge\nDCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\",modelName=\"A \\\"card\\\"\",exported_node=\"k8s-7\",node=\"gpu-7\"} 41\n");
        StringAssert.Contains(page, "DCGM_FI_DEV_XID_ERRORS{gpu=\"0\",UUID=\"GPU-a\",node=\"gpu-7\"} 0\n");
        StringAssert.Contains(page, "infermesh_agent_info{node=\"gpu-7\",gpu_source=\"dcgm\"} 1\n");
        StringAssert.DoesNotMatch(page, new("go_goroutines"), "the exporter's own affairs stay its own");
        Assert.AreEqual(HttpStatusCode.NotFound, (await client.GetAsync(new Uri($"http://{listen}/"))).StatusCode);

        answers = false;
        Assert.IsInstanceOfType<GpuSourceResult.Unavailable>(source.Read());
        StringAssert.DoesNotMatch(await client.GetStringAsync(new Uri($"http://{listen}/metrics")), new("DCGM"), "what cannot be read any more is not shown as if it were so");
    }

    [TestMethod]
    public async Task Serve_OnAPortThatIsTaken_NamesTheKey()
    {
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var failure = await Assert.ThrowsExactlyAsync<CommandFailedException>(() => AgentMetrics.ServeAsync((IPEndPoint)taken.LocalEndpoint, Config(), null, CancellationToken.None));
        StringAssert.StartsWith(failure.Message, "metrics.listen: 127.0.0.1:");
    }

    [TestMethod]
    [DataRow("127.0.0.1:9409", "127.0.0.1:9409")]
    [DataRow("'[::1]:9409'", "[::1]:9409")]
    public void Config_Listen_IsRead(string text, string expected) => Assert.AreEqual(expected, Read(text, out _)!.Metrics!.ToString());

    [TestMethod]
    [DataRow("9409")]
    [DataRow("localhost:9409")]
    [DataRow("127.0.0.1")]
    [DataRow("127.0.0.1:0")]
    public void Config_ListenThatIsNone_IsRefusedWithItsPlace(string text)
    {
        Assert.IsNull(Read(text, out var errors));
        Assert.AreEqual($"agent.yaml:2:19: metrics.listen: '{text}' must be an address and a port, such as 127.0.0.1:9409", errors.Single());
    }

    private static AgentConfig? Read(string listen, out IReadOnlyList<string> errors) => AgentConfigReader.Read($"node: {{id: gpu-7, cell: c}}\nmetrics: {{listen: {listen}}}\n", "agent.yaml", [], out errors);

    private static AgentConfig Config() => new() { Node = new() { Id = "gpu-7", Cell = "c" }, Targets = [], Interval = TimeSpan.FromSeconds(1), Gpu = new() { Source = GpuSourceKind.Dcgm } };
}
