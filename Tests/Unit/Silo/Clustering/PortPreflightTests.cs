using System.Net;
using System.Net.Sockets;
using InferMesh.ServiceDefaults.Hosting;
using InferMesh.Silo.Clustering;
using InferMesh.Silo.Options;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.Unit.Silo.Clustering;

[TestClass]
public sealed class PortPreflightTests
{
    [TestMethod]
    public async Task Check_PortTaken_NamesTheSettingAndThePort()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var preflight = new PortPreflight(new ClusterSettings { SiloPort = ExternalProcess.FreePort(), GatewayPort = port });

        var e = await Assert.ThrowsExactlyAsync<StartupException>(() => preflight.CheckAsync(CancellationToken.None));

        Assert.AreEqual($"InferMesh:Cluster:GatewayPort = 127.0.0.1:{port} is taken by another process; choose another.", e.Message);
        Assert.AreEqual(ExitCodes.Failed, e.ExitCode);
    }

    [TestMethod]
    public async Task Check_PortsFree_LeavesThemFree()
    {
        var settings = new ClusterSettings { SiloPort = ExternalProcess.FreePort(), GatewayPort = 0 };
        var preflight = new PortPreflight(settings);

        await preflight.CheckAsync(CancellationToken.None);

        await preflight.CheckAsync(CancellationToken.None);
    }

    [TestMethod]
    public async Task Check_AddressOfAnotherMachine_IsReadable()
    {
        var preflight = new PortPreflight(new ClusterSettings { AdvertisedIPAddress = "192.0.2.1" });

        var e = await Assert.ThrowsExactlyAsync<StartupException>(() => preflight.CheckAsync(CancellationToken.None));

        Assert.Contains("cannot be listened on", e.Message);
    }
}
