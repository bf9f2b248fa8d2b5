using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using InferMesh.ServiceDefaults.Tls;
using InferMesh.Tests.Shared;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace InferMesh.Tests.Unit.ServiceDefaults.Tls;

/// <summary>Connections of a cluster, over real sockets.</summary>
[TestClass]
public sealed class TlsMiddlewareTests
{
    [TestMethod]
    [DataRow(ClusterTls.SiloInbound, TlsFolder.Silo, true)]
    [DataRow(ClusterTls.SiloInbound, TlsFolder.Api, false)]
    [DataRow(ClusterTls.GatewayInbound, TlsFolder.Silo, true)]
    [DataRow(ClusterTls.GatewayInbound, TlsFolder.Api, true)]
    [DataRow(ClusterTls.GatewayInbound, "spiffe://mesh.test/ns/a/user/eve", false)]
    [DataRow(ClusterTls.GatewayInbound, null, false)]
    public async Task Names_AreAllowedByKindOfConnection(string kind, string? id, bool allowed)
    {
        using var folder = new TlsFolder();
        await using var host = await TlsHost.ClusterAsync(folder, kind);
        Assert.AreEqual(!allowed, await TlsCaller.IsRefusedAsync(host.Port, folder.Pki.Issue(id)));
        if (!allowed) await host.UntilLoggedAsync($"TLS of {kind} refused");
    }

    [TestMethod]
    public async Task Bad_Callers_AreRefusedWithAReason_WhileAGoodOneIsServed()
    {
        using var folder = new TlsFolder();
        using var stranger = new TestPki();
        await using var host = await TlsHost.ClusterAsync(folder, ClusterTls.SiloInbound);
        using var good = await TlsCaller.ConnectAsync(host.Port, folder.Pki.Issue(TlsFolder.Silo));

        foreach (var (refused, reason) in new (Task<bool>, string)[]
        {
            (TlsCaller.IsRefusedAsync(host.Port, leaf: null), "it showed no certificate"),
            (TlsCaller.IsRefusedAsync(host.Port, stranger.Issue(TlsFolder.Silo)), "unknown authority"),
            (TlsCaller.IsRefusedAsync(host.Port, folder.Pki.Issue(TlsFolder.Silo, TimeSpan.FromHours(-1))), "has expired"),
            (TlsCaller.IsRefusedAsync(host.Port, TlsCaller.PlainHttp), "does not speak TLS"),
            (TlsCaller.IsRefusedAsync(host.Port, TlsCaller.HelloOfTls11), "no TLS 1.2 or later"),
            (TlsCaller.IsRefusedAsync(host.Port, TlsCaller.HalfHello), "did not end in time"),
        })
        {
            Assert.IsTrue(await refused, reason);
            await host.UntilLoggedAsync(reason);
            await EchoAsync(good!.Stream, 10);
        }
    }

    [TestMethod]
    public async Task Data_OfManyRecords_ComesBackWhole()
    {
        using var folder = new TlsFolder();
        await using var host = await TlsHost.ClusterAsync(folder, ClusterTls.GatewayInbound);
        using var caller = await TlsCaller.ConnectAsync(host.Port, folder.Pki.Issue(TlsFolder.Api));
        await EchoAsync(caller!.Stream, 1);
        await EchoAsync(caller.Stream, (3 << 20) + 17);
    }

    [TestMethod]
    [DataRow("serial")]
    [DataRow("id")]
    [DataRow("authority")]
    public async Task Revoked_Peer_LosesItsConnection_ByEveryWay(string way)
    {
        using var folder = new TlsFolder();
        using var second = new TestPki("second");
        File.WriteAllText(folder.CaPath, folder.Pki.Pem + second.Pem);
        await using var host = await TlsHost.ClusterAsync(folder, ClusterTls.GatewayInbound);
        var bad = second.Issue(TlsFolder.Api);
        using var open = await TlsCaller.ConnectAsync(host.Port, bad);
        using var other = await TlsCaller.ConnectAsync(host.Port, folder.Pki.Issue(TlsFolder.Silo));
        await EchoAsync(open!.Stream, 10);

        if (way == "authority") File.WriteAllText(folder.CaPath, folder.Pki.Pem);
        else File.WriteAllText(folder.RevokedPath, way == "serial" ? bad.Serial.ToLowerInvariant() : TlsFolder.Api);

        Assert.IsTrue(await TlsCaller.IsClosedAsync(open.Stream, TimeSpan.FromSeconds(30)));
        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, bad));
        await EchoAsync(other!.Stream, 10);
    }

    [TestMethod]
    public async Task Renewed_Certificates_LeaveConnectionsAlone()
    {
        using var folder = new TlsFolder();
        await using var host = await TlsHost.ClusterAsync(folder, ClusterTls.SiloInbound);
        using var open = await TlsCaller.ConnectAsync(host.Port, folder.Pki.Issue(TlsFolder.Silo, TimeSpan.FromSeconds(3)));
        await EchoAsync(open!.Stream, 10);
        await Task.Delay(TimeSpan.FromSeconds(3.2));
        folder.Write(folder.Pki.Issue(TlsFolder.Silo));
        await ExternalProcess.UntilAsync(() => Task.FromResult(host.Log.Lines.Count(line => line.Text.Contains("serves; it expires", StringComparison.Ordinal)) == 2), TimeSpan.FromSeconds(30), "a reload");
        await EchoAsync(open.Stream, 10);
    }

    [TestMethod]
    public async Task Refusals_AreCountedEach_AndLoggedOnce()
    {
        using var folder = new TlsFolder();
        await using var host = await TlsHost.ClusterAsync(folder, ClusterTls.SiloInbound);
        var counted = 0L;
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Name == "infermesh.tls.refusals" && ReferenceEquals(instrument.Meter.Scope, host.Services.GetRequiredService<IMeterFactory>())) l.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => { if (tags.ToArray().Any(t => (string?)t.Value == "plaintext")) Interlocked.Add(ref counted, value); });
        listener.Start();
        for (var i = 0; i < 20; i++) await TlsCaller.IsRefusedAsync(host.Port, TlsCaller.PlainHttp);
        await ExternalProcess.UntilAsync(() => Task.FromResult(Interlocked.Read(ref counted) == 20), TimeSpan.FromSeconds(30), "20 counts");
        Assert.AreEqual(1, host.Log.Lines.Count(line => line.Text.Contains("does not speak TLS", StringComparison.Ordinal)));
    }

    [TestMethod]
    [DataRow(TlsFolder.Silo, null)]
    [DataRow(TlsFolder.Api, "its SPIFFE id is not allowed here")]
    public async Task Outbound_ChecksTheOtherEnd(string serverId, string? says)
    {
        using var folder = new TlsFolder();
        await using var server = await TlsHost.ClusterAsync(folder, ClusterTls.SiloInbound);
        // The outbound side of a second process, with files of its own below the same authority.
        using var client = new TlsFolder(TlsFolder.Silo);
        File.WriteAllText(client.CaPath, folder.Pki.Pem);
        client.Write(folder.Pki.Issue(TlsFolder.Silo));
        folder.Write(folder.Pki.Issue(serverId));
        await ExternalProcess.UntilAsync(() => Task.FromResult(server.Log.Lines.Count(line => line.Text.Contains("serves; it expires", StringComparison.Ordinal)) == 2), TimeSpan.FromSeconds(30), "a reload");
        await using var host = await TlsHost.ClusterAsync(client, ClusterTls.SiloInbound);
        var reached = false;
        var middleware = new TlsMiddleware(_ => { reached = true; return Task.CompletedTask; }, host.Services.GetRequiredKeyedService<TlsGate>(ClusterTls.SiloOutbound), TimeProvider.System);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Port);
        await using var context = new SocketContext(socket);

        if (says is null) await middleware.ConnectAsync(context);
        else Assert.Contains(says, (await Assert.ThrowsExactlyAsync<AuthenticationException>(() => middleware.ConnectAsync(context))).Message);
        Assert.AreEqual(says is null, reached);
    }

    private static async Task EchoAsync(Stream stream, int length)
    {
        var sent = RandomNumberGenerator.GetBytes(length);
        var received = new byte[length];
        var writing = stream.WriteAsync(sent).AsTask();
        await stream.ReadExactlyAsync(received);
        await writing;
        CollectionAssert.AreEqual(sent, received);
    }

    /// <summary>A socket as a connection.</summary>
    private sealed class SocketContext : DefaultConnectionContext
    {
        public SocketContext(TcpClient client)
        {
            RemoteEndPoint = client.Client.RemoteEndPoint;
            Transport = new Pipes(client.GetStream());
        }

        private sealed class Pipes(Stream stream) : System.IO.Pipelines.IDuplexPipe
        {
            public System.IO.Pipelines.PipeReader Input { get; } = System.IO.Pipelines.PipeReader.Create(stream);

            public System.IO.Pipelines.PipeWriter Output { get; } = System.IO.Pipelines.PipeWriter.Create(stream);
        }
    }
}
