using System.Net;
using System.Net.Sockets;
using System.Text;
using InferMesh.ServiceDefaults.Hosting;

namespace InferMesh.Tests.Unit.ServiceDefaults.Hosting;

[TestClass]
public sealed class HealthProbeTests
{
    [TestMethod]
    [DataRow("200 OK", ExitCodes.Stopped)]
    [DataRow("503 Service Unavailable", ExitCodes.Failed)]
    public async Task RunAsync_AnAnswer_IsTheExitCode(string status, int expected)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var asked = HealthProbe.RunAsync($"http://{listener.LocalEndpoint}/health/ready");
        using var client = await listener.AcceptTcpClientAsync();
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
        Assert.AreEqual(expected, await asked);
    }

    [TestMethod]
    public async Task RunAsync_NobodyListens_Fails()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = listener.LocalEndpoint;
        listener.Stop();
        Assert.AreEqual(ExitCodes.Failed, await HealthProbe.RunAsync($"http://{address}/"));
        Assert.AreEqual(ExitCodes.BadConfiguration, await HealthProbe.RunAsync("8081"));
    }

    [TestMethod]
    public void Asked_OnlyWithTheOption() =>
        Assert.AreEqual((null, "http://x/"), (HealthProbe.Asked(["--config", "a"]), HealthProbe.Asked(["--probe", "http://x/"])));
}
