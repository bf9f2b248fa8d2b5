using System.Net;
using System.Net.Quic;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferMesh.Api.Hosting;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace InferMesh.Tests.Unit.Api.Ingress;

[TestClass]
public sealed class HttpVersionTests
{
    private const string Body = """{"model":"m"}""";

    [TestMethod]
    [DataRow("/v1/chat/completions", Body)]
    [DataRow("/v1/completions", Body)]
    [DataRow("/v1/embeddings", Body)]
    [DataRow("/v1/responses", Body)]
    [DataRow("/v1/messages", Body)]
    [DataRow("/tokenize", Body)]
    [DataRow("/detokenize", Body)]
    [DataRow("/generate?model=m", """{"inputs":"a"}""")]
    [DataRow("/v2/models/m/infer", "{}")]
    public async Task In_Http2WithoutTls_EveryRouteAnswers(string path, string body)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new(api.Http2Url) };
        using var request = IngressForwardingTests.Post(body, path);
        (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);

        using var response = await client.SendAsync(request);

        Assert.AreEqual((HttpStatusCode.OK, HttpVersion.Version20), (response.StatusCode, response.Version));
        Assert.AreEqual("n1", IngressForwardingTests.Header(response, "x-infermesh-node"));
        Assert.AreEqual(("HTTP/1.1", path), (runtime.Requests.Single().Protocol, runtime.Requests.Single().Path));
    }

    [TestMethod]
    public async Task Out_SchemeH2c_IsHttp2AndStreams()
    {
        await using var runtime = await FakeRuntime.StartAsync(
            async context =>
            {
                context.Response.ContentType = "text/event-stream";
                await context.Response.WriteAsync("data: {}\n\n");
                await context.Response.Body.FlushAsync();
                await context.Response.WriteAsync("data: {}\n\n");
            },
            listen => listen.Protocols = HttpProtocols.Http2);
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url.Replace("http", "h2c", StringComparison.Ordinal) + "/v1/"));
        using var request = IngressForwardingTests.Post(Body, "/v1/chat/completions?x=1");
        request.Headers.Add("Connection", "X-Hop");
        request.Headers.Add("X-Hop", "1");

        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual("data: {}\n\ndata: {}\n\n", await response.Content.ReadAsStringAsync());
        var received = runtime.Requests.Single();
        Assert.AreEqual(("HTTP/2", "/v1/chat/completions?x=1"), (received.Protocol, received.Path));
        Assert.IsFalse(received.Headers.ContainsKey("X-Hop"));
        Assert.AreEqual((OutcomeStatus.Success, 2), ((await api.Router.WaitForReportsAsync(1)).Single().Status, api.Router.Reports.Single().OutputTokens));
    }

    [TestMethod]
    public async Task Out_Http2NodeResets_AnotherOneAnswers()
    {
        await using var broken = await FakeRuntime.StartAsync(FakeRuntime.Reset, listen => listen.Protocols = HttpProtocols.Http2);
        await using var runtime = await FakeRuntime.StartAsync(listen: listen => listen.Protocols = HttpProtocols.Http2);
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", broken.Url.Replace("http", "h2c", StringComparison.Ordinal)), FakeRouter.Target("n2", runtime.Url.Replace("http", "h2c", StringComparison.Ordinal)));
        using var request = IngressForwardingTests.Post(Body);
        using var response = await api.Http.SendAsync(request);
        Assert.AreEqual("n2", IngressForwardingTests.Header(response, "x-infermesh-node"));
    }

    [TestMethod]
    [DataRow("http://h:1/a?b=1", "1.1", HttpVersionPolicy.RequestVersionExact, "http://h:1/a?b=1")]
    [DataRow("https://h:1/a", "2.0", HttpVersionPolicy.RequestVersionOrLower, "https://h:1/a")]
    [DataRow("h2c://h:1/a%2Fb?c=%20", "2.0", HttpVersionPolicy.RequestVersionExact, "http://h:1/a%2Fb?c=%20")]
    public void Out_SchemeOfTheEndpoint_ChoosesTheVersion(string url, string version, HttpVersionPolicy policy, string wire)
    {
        using var request = new HttpRequestMessage();
        RuntimeUrl.Address(request, new(url));
        Assert.AreEqual((Version.Parse(version), policy, wire), (request.Version, request.VersionPolicy, request.RequestUri!.AbsoluteUri));
    }

    [TestMethod]
    public async Task In_TlsPort_SpeaksBothVersionsAndHttp3WhereTheMachineDoes()
    {
        var (certificate, key) = Pem();
        using var api = new ApiHost(("InferMesh:Http:TlsPort", "0"), ("InferMesh:Http:CertificatePath", certificate), ("InferMesh:Http:KeyPath", key));
        var address = api.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single(a => a.StartsWith("https", StringComparison.Ordinal));
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, presented, _, _) => presented!.Subject == "CN=mesh.test" },
        })
        { BaseAddress = new(address) };

        var versions = QuicListener.IsSupported ? new[] { HttpVersion.Version11, HttpVersion.Version20, HttpVersion.Version30 } : [HttpVersion.Version11, HttpVersion.Version20];
        foreach (var version in versions)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/health/live") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var response = await client.SendAsync(request);
            Assert.AreEqual((HttpStatusCode.OK, version), (response.StatusCode, response.Version));
        }
        Assert.AreEqual(QuicListener.IsSupported, TlsExtensions.Protocols(InferMesh.Api.Options.ClientCertificates.None).HasFlag(HttpProtocols.Http3));
    }

    [TestMethod]
    public async Task Trace_OfTheClient_GoesOnWithItsState()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        using var request = IngressForwardingTests.Post(Body);
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        request.Headers.Add("tracestate", "vendor=a1,other=b2");
        using var response = await api.Http.SendAsync(request);

        var headers = runtime.Requests.Single().Headers;
        StringAssert.StartsWith(headers["traceparent"], "00-0af7651916cd43dd8448eb211c80319c-");
        StringAssert.EndsWith(headers["traceparent"], "-01");
        Assert.AreEqual("vendor=a1,other=b2", headers["tracestate"]);
    }

    private static (string Certificate, string Key) Pem()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=mesh.test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var folder = Directory.CreateTempSubdirectory("infermesh-tls").FullName;
        var (certificatePath, keyPath) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        File.WriteAllText(certificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        return (certificatePath, keyPath);
    }
}
