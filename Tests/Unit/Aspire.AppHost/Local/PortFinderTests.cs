using System.Net;
using System.Net.Sockets;
using InferMesh.AppHost.Local;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass]
public sealed class PortFinderTests
{
    [TestMethod]
    public void Next_ManyTimes_IsFreeAndNeverTheSame()
    {
        var finder = new PortFinder();
        int[] ports = [.. Enumerable.Range(0, 48).Select(_ => finder.Next())];

        Assert.HasCount(48, ports.Distinct());
        Assert.IsTrue(ports.All(p => p is >= 20000 and < 32000));
    }

    [TestMethod]
    public void IsFree_PortInUse_IsNo()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        Assert.IsFalse(PortFinder.IsFree(((IPEndPoint)listener.LocalEndpoint).Port));
    }
}
