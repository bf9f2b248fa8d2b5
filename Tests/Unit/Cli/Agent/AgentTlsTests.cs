using System.Net;
using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Dcgm;
using InferMesh.Adapters.Runtimes;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent;
using InferMesh.Cli.Agent.Config;
using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;
using InferMesh.Tests.Unit.Adapters.Tls;

namespace InferMesh.Tests.Unit.Cli.Agent;

/// <summary>What the agent's keys say about TLS, against a server that speaks it.</summary>
[TestClass]
public sealed class AgentTlsTests
{
    private const string GpuPage = "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\"} 30\n";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Read_SelfSignedByDefault_IsRefusedWithTheReason()
    {
        using var certificate = new TestCertificate(IPAddress.Loopback);
        await using var server = await ServerAsync(certificate);
        var (runtime, gpu) = await ReadAsync(server, "");

        Assert.IsFalse(runtime.Healthy);
        StringAssert.Contains(runtime.Error, "TLS failed: The remote certificate is invalid");
        StringAssert.Contains(runtime.Error, "UntrustedRoot");
        var refused = gpu as GpuSourceResult.Unavailable ?? throw new AssertFailedException(gpu.ToString());
        Assert.AreEqual(GpuSourceFailure.NoAnswer, refused.Kind);
        StringAssert.Contains(refused.Reason, "UntrustedRoot");
        Assert.IsEmpty(server.Requests, "the token was sent to a server that nobody vouches for");
    }

    [TestMethod]
    public async Task Read_AuthorityNamed_IsAccepted()
    {
        using var certificate = new TestCertificate(IPAddress.Loopback);
        await using var server = await ServerAsync(certificate);
        var (runtime, gpu) = await ReadAsync(server, $", tls: {{caFile: \"{certificate.CertFile}\"}}");

        Assert.IsTrue(runtime.Healthy, runtime.Error);
        Assert.AreEqual("m", runtime.Models.Single().Model);
        Assert.IsInstanceOfType<GpuSourceResult.Available>(gpu, gpu.ToString());
    }

    [TestMethod]
    public async Task Read_AuthorityNamedButAnotherHost_IsRefused()
    {
        using var certificate = new TestCertificate(address: null);
        await using var server = await ServerAsync(certificate);
        var (runtime, _) = await ReadAsync(server, $", tls: {{caFile: \"{certificate.CertFile}\"}}");

        Assert.IsFalse(runtime.Healthy);
        StringAssert.Contains(runtime.Error, "RemoteCertificateNameMismatch");
    }

    [TestMethod]
    public async Task Read_ServerWantsACertificate_GetsTheConfiguredOne()
    {
        using var certificate = new TestCertificate(IPAddress.Loopback);
        await using var server = await ServerAsync(certificate, wantsCertificate: true);
        var (without, _) = await ReadAsync(server, $", tls: {{caFile: \"{certificate.CertFile}\"}}");
        var (with, gpu) = await ReadAsync(server, $", tls: {{caFile: \"{certificate.CertFile}\", certFile: \"{certificate.CertFile}\", keyFile: \"{certificate.KeyFile}\"}}");

        Assert.IsFalse(without.Healthy);
        Assert.IsTrue(with.Healthy, with.Error);
        Assert.IsInstanceOfType<GpuSourceResult.Available>(gpu, gpu.ToString());
    }

    [TestMethod]
    [DataRow("https://h", "{}", "tls.caFile: must be set, or certFile")]
    [DataRow("https://h", "{caFile: no-such-file}", "tls.caFile: 'no-such-file' cannot be used")]
    [DataRow("https://h", "{caFile: empty.pem}", "tls.caFile: 'empty.pem' cannot be used: there is no PEM certificate in it")]
    [DataRow("https://h", "{certFile: empty.pem}", "tls.certFile: 'empty.pem' cannot be used")]
    [DataRow("https://h", "{keyFile: empty.pem}", "tls.keyFile: needs a certFile")]
    [DataRow("https://h", "{verify: false}", "tls.verify: unknown key; known keys: caFile, certFile, keyFile")]
    [DataRow("http://h", "{caFile: empty.pem}", "tls: is for an https address only")]
    public void Read_TlsThatCannotBe_NamesTheField(string address, string tls, string expected)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "empty.pem"), "");
            AgentConfigReader.Read(
                $"node: {{cell: a}}\ngpu: {{source: dcgm, endpoint: '{address}', tls: {tls}}}\nruntimes: [{{kind: vllm, endpoint: '{address}', tls: {tls}}}]", Path.Combine(folder.FullName, "a.yaml"), [], out var errors);
            Assert.IsTrue(errors.Any(line => line.Contains("gpu." + expected, StringComparison.Ordinal)), string.Join('\n', errors));
            Assert.IsTrue(errors.Any(line => line.Contains("runtimes[0]." + expected, StringComparison.Ordinal)), string.Join('\n', errors));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [TestMethod]
    [DataRow("target: https://h\ntls: {caFile: no-such-file}", "tls.caFile: 'no-such-file' cannot be used")]
    [DataRow("target: http://h\ntls: {caFile: no-such-file}", "tls: is for an https address only")]
    [DataRow("target: https://h\ntls: {}", "tls.caFile: must be set, or certFile")]
    public void Read_TlsOfTheApiThatCannotBe_NamesTheField(string text, string expected)
    {
        AgentConfigReader.Read($"node: {{cell: a}}\n{text}", "a.yaml", [], out var errors);
        Assert.IsTrue(errors.Any(line => line.Contains(expected, StringComparison.Ordinal)), string.Join('\n', errors));
    }

    [TestMethod]
    public void Options_WithAToken_NeverPrintIt()
    {
        const string Secret = "s3cr3t";
        var runtime = new RuntimeProbeOptions { Endpoint = new Uri("http://h"), BearerToken = Secret };
        var dcgm = new DcgmGpuOptions { Endpoint = new Uri("http://h"), BearerToken = Secret };
        foreach (var text in new[] { runtime.ToString(), dcgm.ToString(), $"{runtime with { Models = ["m"] }}", $"{dcgm with { MaxPageBytes = 1 }}" })
        {
            Assert.DoesNotContain(Secret, text);
            StringAssert.Contains(text, "with a bearer token");
        }
    }

    private static async Task<FakeRuntimeServer> ServerAsync(TestCertificate certificate, bool wantsCertificate = false)
    {
        var server = await FakeRuntimeServer.StartAsync(certificate.Value, wantsCertificate);
        new FakeVllm().Serve(server);
        return server.On("/dcgm", GpuPage);
    }

    private async Task<(RuntimeReading Runtime, GpuSourceResult Gpu)> ReadAsync(FakeRuntimeServer server, string tls)
    {
        var token = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(token, "s3cr3t", TestContext.CancellationToken);
            var config = AgentConfigReader.Read(
                $"node: {{cell: a}}\ngpu: {{source: dcgm, endpoint: '{server.Address}dcgm', timeout: 30s, bearerTokenFile: '{token}'{tls}}}\nruntimes: [{{kind: vllm, endpoint: '{server.Address}', timeout: 30s, bearerTokenFile: '{token}'{tls}}}]",
                "a.yaml", [], out var errors) ?? throw new AssertFailedException(string.Join('\n', errors));
            using var clients = new ProbeClients();
            var options = ProbeFactory.Create(config, clients, TimeProvider.System);
            using var gpus = options.Gpu;
            var reading = await options.Runtimes.Single().Probe.ReadAsync(TestContext.CancellationToken);
            var gpu = gpus!.Read();
            Assert.DoesNotContain("s3cr3t", $"{reading} {gpu} {string.Join('\n', AgentCheck.Describe(config))} {config}");
            return (reading, gpu);
        }
        finally
        {
            File.Delete(token);
        }
    }
}
