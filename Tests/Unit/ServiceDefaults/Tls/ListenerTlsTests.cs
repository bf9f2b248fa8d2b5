using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.Unit.ServiceDefaults.Tls;

/// <summary>The API's port, by what reaches it over real sockets.</summary>
[TestClass]
public sealed class ListenerTlsTests
{
    [TestMethod]
    public async Task Bad_Callers_AreRefusedWithAReason_AndGoodOnesServed()
    {
        using var folder = new TlsFolder();
        using var stranger = new TestPki();
        await using var host = await TlsHost.ApiAsync(folder, required: true);
        var good = folder.Pki.Issue("spiffe://mesh.test/user/ada");

        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, leaf: null));
        await host.UntilLoggedAsync("it showed no certificate");
        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, stranger.Issue("spiffe://mesh.test/user/ada")));
        await host.UntilLoggedAsync("its certificate is from an unknown authority (spiffe://mesh.test/user/ada)");
        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, folder.Pki.Issue("spiffe://mesh.test/user/ada", TimeSpan.FromHours(-1))));
        await host.UntilLoggedAsync("its certificate has expired");
        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, folder.Pki.Issue("spiffe://mesh.test/user/ada", null, TestPki.ServerPurpose)));
        await host.UntilLoggedAsync("its certificate is for another purpose");
        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, TlsCaller.PlainHttp));
        await host.UntilLoggedAsync("it does not speak TLS");
        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, TlsCaller.HelloOfTls11));
        await host.UntilLoggedAsync("it speaks no TLS 1.2 or later");
        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, TlsCaller.HalfHello));
        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, ReadOnlyMemory<byte>.Empty));
        await host.UntilLoggedAsync("the handshake did not end in time");

        Assert.AreEqual(good.Serial, await GetAsync(host.Port, good, HttpVersion.Version20));
        Assert.AreEqual(good.Serial, await GetAsync(host.Port, good, HttpVersion.Version11));
    }

    [TestMethod]
    public async Task Optional_CallerWithoutCertificate_IsServedAsNobody_AndABadOneRefused()
    {
        using var folder = new TlsFolder();
        using var stranger = new TestPki();
        await using var host = await TlsHost.ApiAsync(folder, required: false);
        Assert.AreEqual("nobody", await GetAsync(host.Port, null, HttpVersion.Version20));
        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, stranger.Issue("spiffe://mesh.test/user/ada")));
    }

    [TestMethod]
    public async Task Revoked_Caller_LosesItsConnection_AndGetsNoOther()
    {
        using var folder = new TlsFolder();
        await using var host = await TlsHost.ApiAsync(folder, required: true);
        var (good, bad) = (folder.Pki.Issue("spiffe://mesh.test/user/ada"), folder.Pki.Issue("spiffe://mesh.test/user/eve"));
        using var open = await TlsCaller.ConnectAsync(host.Port, bad);
        using var other = await TlsCaller.ConnectAsync(host.Port, good);

        File.WriteAllText(folder.RevokedPath, $"# left the company\n{bad.Serial}\n");
        Assert.IsTrue(await TlsCaller.IsClosedAsync(open!.Stream, TimeSpan.FromSeconds(30)));
        await host.UntilLoggedAsync("ends the connection");
        Assert.IsTrue(await TlsCaller.IsRefusedAsync(host.Port, bad));
        await host.UntilLoggedAsync("its certificate is revoked (spiffe://mesh.test/user/eve)");
        Assert.IsFalse(await TlsCaller.IsClosedAsync(other!.Stream, TimeSpan.FromMilliseconds(300)));
        Assert.AreEqual(good.Serial, await GetAsync(host.Port, good, HttpVersion.Version20));
    }

    [TestMethod]
    public async Task Renewed_ServerCertificate_IsShownToTheNextCaller()
    {
        using var folder = new TlsFolder();
        await using var host = await TlsHost.ApiAsync(folder, required: false);
        var renewed = folder.Pki.Issue(TlsFolder.Api);
        folder.Write(renewed);
        await ExternalProcess.UntilAsync(
            async () =>
            {
                using var caller = await TlsCaller.ConnectAsync(host.Port, null);
                return ((SslStream)caller!.Stream).RemoteCertificate!.GetSerialNumberString() == renewed.Serial;
            },
            TimeSpan.FromSeconds(30),
            "the renewed certificate");
    }

    [TestMethod]
    public async Task Intermediate_OfCallerAndServer_IsPartOfTheChain()
    {
        using var folder = new TlsFolder();
        using var intermediate = folder.Pki.Intermediate("below");
        folder.Write(intermediate.Issue(TlsFolder.Api));
        await using var host = await TlsHost.ApiAsync(folder, required: true);
        var caller = intermediate.Issue("spiffe://mesh.test/user/ada");
        Assert.AreEqual(caller.Serial, await GetAsync(host.Port, caller, HttpVersion.Version20, folder.CaPath));
    }

    private static async Task<string> GetAsync(int port, TestLeaf? leaf, Version version, string? authorities = null)
    {
        var options = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null };
        if (authorities is not null)
        {
            options.RemoteCertificateValidationCallback = null;
            options.CertificateChainPolicy = new() { TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust, RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authorities);
        }
        if (leaf is not null)
        {
            var chain = new System.Security.Cryptography.X509Certificates.X509Certificate2Collection();
            chain.ImportFromPem(leaf.CertificatePem);
            options.ClientCertificateContext = SslStreamCertificateContext.Create(leaf.Load(), chain, offline: true);
        }
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = options });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://localhost:{port}/") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*"));
        using var response = await client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}
