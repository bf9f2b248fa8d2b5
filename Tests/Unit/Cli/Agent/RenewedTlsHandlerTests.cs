using InferMesh.Cli;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.Tests.Unit.ServiceDefaults.Tls;

namespace InferMesh.Tests.Unit.Cli.Agent;

[TestClass]
public sealed class RenewedTlsHandlerTests
{
    [TestMethod]
    public async Task Renewed_Certificate_IsShownByTheNextCall_AndABrokenOneKeepsTheOld()
    {
        using var server = new TlsFolder();
        await using var host = await TlsHost.ApiAsync(server, required: true);
        using var files = new TlsFolder();
        File.WriteAllText(files.CaPath, server.Pki.Pem);
        var (first, second) = (server.Pki.Issue("spiffe://mesh.test/ns/a/sa/agent/node/n1"), server.Pki.Issue("spiffe://mesh.test/ns/a/sa/agent/node/n1"));
        files.Write(first);
        var (time, failures) = (new SteppedTime(), new List<string>());
        using var client = new HttpClient(new RenewedTlsHandler(new(files.CaPath, files.CertificatePath, files.KeyPath), static () => new() { UseProxy = false }, time, failures.Add));
        var address = new Uri($"https://localhost:{host.Port}/");
        Assert.AreEqual(first.Serial, await client.GetStringAsync(address));

        File.WriteAllText(files.KeyPath, "broken");
        time.Step(TimeSpan.FromSeconds(6));
        Assert.AreEqual(first.Serial, await client.GetStringAsync(address));
        time.Step(TimeSpan.FromSeconds(6));
        Assert.AreEqual(first.Serial, await client.GetStringAsync(address));
        Assert.HasCount(1, failures);

        files.Write(second);
        Assert.AreEqual(first.Serial, await client.GetStringAsync(address));
        time.Step(TimeSpan.FromSeconds(6));
        Assert.AreEqual(second.Serial, await client.GetStringAsync(address));
    }

    [TestMethod]
    public void Broken_AtStart_IsAUsageError() =>
        Assert.ThrowsExactly<UsageException>(() => new RenewedTlsHandler(new(null, "/no/such/file", null), static () => new(), TimeProvider.System, _ => { }));

    private sealed class SteppedTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Step(TimeSpan by) => _now += by.Ticks;
    }
}
