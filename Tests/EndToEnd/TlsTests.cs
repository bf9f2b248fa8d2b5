using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Must hold 4: real processes with mutual TLS, and those who want in without being who they should be.</summary>
[TestClass]
[DoNotParallelize]
public sealed class TlsTests
{
    private static TlsMesh s_mesh = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => s_mesh = await TlsMesh.StartAsync();

    [TestCleanup]
    public void TrustAllAgain() => File.WriteAllText(s_mesh.RevokedPath, "");

    [ClassCleanup]
    public static async Task StopAsync() => await s_mesh.DisposeAsync();

    [TestMethod]
    [DataRow("silo_inbound")]
    [DataRow("gateway_inbound")]
    [DataRow("api")]
    public async Task Intruders_AreRefusedWithALoggedReason_WhileTheMeshServes(string place)
    {
        var (port, process) = place switch
        {
            "silo_inbound" => (s_mesh.SiloPort, s_mesh.First),
            "gateway_inbound" => (s_mesh.GatewayPort, s_mesh.First),
            _ => (s_mesh.TlsPort, s_mesh.Api),
        };
        using var stranger = new TestPki();
        // A certificate like any other of its kind, until it is revoked.
        var id = place == "silo_inbound" ? "spiffe://mesh.test/ns/dev/sa/silo" : "spiffe://mesh.test/ns/dev/sa/api";
        var lost = Signed(id, TimeSpan.FromHours(1));
        await using var calls = new Calls(s_mesh);
        using var open = await TlsCaller.ConnectAsync(port, lost);

        await RefusedAsync(TlsCaller.IsRefusedAsync(port, leaf: null), "it showed no certificate");
        await RefusedAsync(TlsCaller.IsRefusedAsync(port, stranger.Issue(id)), "its certificate is from an unknown authority");
        await RefusedAsync(TlsCaller.IsRefusedAsync(port, Signed(id, TimeSpan.FromMinutes(-1))), "its certificate has expired");
        if (place != "api") await RefusedAsync(TlsCaller.IsRefusedAsync(port, s_mesh.Leaf("user-eve")), "its SPIFFE id is not allowed here");
        if (place == "silo_inbound") Assert.IsTrue(await TlsCaller.IsRefusedAsync(port, s_mesh.Leaf("api")), "a client came in as a silo");
        await RefusedAsync(TlsCaller.IsRefusedAsync(port, TlsCaller.PlainHttp), "it does not speak TLS");
        await RefusedAsync(TlsCaller.IsRefusedAsync(port, TlsCaller.HelloOfTls11), "it speaks no TLS 1.2 or later");
        await RefusedAsync(TlsCaller.IsRefusedAsync(port, TlsCaller.HalfHello), "the handshake did not end in time");
        await File.WriteAllTextAsync(s_mesh.RevokedPath, lost.Serial);
        Assert.IsTrue(await TlsCaller.IsClosedAsync(open!.Stream, TimeSpan.FromSeconds(30)), "a revoked certificate kept its connection");
        await TlsMesh.UntilSaidAsync(process, $"TLS of {place} ends the connection");
        await RefusedAsync(TlsCaller.IsRefusedAsync(port, lost), "its certificate is revoked");

        await calls.AssertAllAnsweredAsync(atLeast: 20);

        async Task RefusedAsync(Task<bool> refused, string reason)
        {
            Assert.IsTrue(await refused, $"{place}: {reason}");
            await ExternalProcess.UntilAsync(
                () => Task.FromResult(process.Output.Split('\n').Any(line => line.Contains($"TLS of {place} refused", StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal))),
                TimeSpan.FromSeconds(30),
                $"{place}: \"{reason}\" in:\n{process.Output}");
        }
    }

    [TestMethod]
    public async Task Certificates_RenewedWhileServing_CostNoCall()
    {
        await using var calls = new Calls(s_mesh);
        var before = await ShownAsync();
        await TlsMesh.DevCertsAsync(s_mesh.Certs, "--force", "--role", "silo", "--role", "api", "--role", "user:admin");
        foreach (var process in s_mesh.All)
            await TlsMesh.UntilSaidAsync(process, $"Certificate cluster {s_mesh.Leaf(process == s_mesh.Api ? "api" : "silo").Serial} serves");
        await ExternalProcess.UntilAsync(async () => await ShownAsync() == s_mesh.Leaf("api").Serial, TimeSpan.FromSeconds(30), "the renewed certificate");
        Assert.AreNotEqual(before, await ShownAsync());
        await calls.AssertAllAnsweredAsync(atLeast: 50);

        async Task<string> ShownAsync()
        {
            using var caller = await TlsCaller.ConnectAsync(s_mesh.TlsPort, s_mesh.Leaf("user-admin"));
            return ((SslStream)caller!.Stream).RemoteCertificate!.GetSerialNumberString();
        }
    }

    [TestMethod]
    public async Task Api_Revoked_LosesTheMesh_AndComesBackWhenItIsNot()
    {
        Assert.AreEqual(HttpStatusCode.OK, await s_mesh.CallAsync());
        await File.WriteAllTextAsync(s_mesh.RevokedPath, "spiffe://mesh.test/ns/dev/sa/api\n");
        await TlsMesh.UntilSaidAsync(s_mesh.First, "TLS of gateway_inbound ends the connection");
        await ExternalProcess.UntilAsync(async () => await s_mesh.CallAsync() == HttpStatusCode.ServiceUnavailable, TimeSpan.FromMinutes(1), "503");
        await File.WriteAllTextAsync(s_mesh.RevokedPath, "");
        await ExternalProcess.UntilAsync(async () => await s_mesh.CallAsync() == HttpStatusCode.OK, TimeSpan.FromMinutes(2), "calls to be answered again");
    }

    [TestMethod]
    public async Task CommandLine_WithCertificate_IsServed_AndWithoutIsToldWhy()
    {
        string[] command = [Repository.Assembly("Cli", "InferMesh.Cli"), "events", "--api", $"https://localhost:{s_mesh.TlsPort}"];
        await ExternalProcess.RunAsync("dotnet", [.. command, "--ca", $"{s_mesh.Certs}/ca.pem", "--cert", $"{s_mesh.Certs}/user-admin.pem", "--key", $"{s_mesh.Certs}/user-admin-key.pem"]);
        var distrusted = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => ExternalProcess.RunAsync("dotnet", command));
        Assert.Contains("TLS failed", distrusted.Message);
        var unnamed = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => ExternalProcess.RunAsync("dotnet", [.. command, "--ca", $"{s_mesh.Certs}/ca.pem"]));
        Assert.Contains("ended with 1", unnamed.Message);
    }

    [TestMethod]
    public async Task CommandLine_OverTlsWithAToken_DoesEverythingThroughAContext()
    {
        using var issuer = new TestToken();
        var folder = Directory.CreateTempSubdirectory("infermesh-cli-").FullName;
        var (keys, token, viewer, config) = ($"{folder}/keys.pem", $"{folder}/token", $"{folder}/viewer", $"{folder}/config.yaml");
        await File.WriteAllTextAsync(keys, issuer.PublicKey);
        await File.WriteAllTextAsync(token, issuer.Sign("admin"));
        await File.WriteAllTextAsync(viewer, issuer.Sign("viewer"));
        var (api, address) = await s_mesh.StartTokenApiAsync(keys, TestToken.Issuer);
        await using var process = api;
        try
        {
            (await RunAsync("config", "set-context", "tls", "--api", address.ToString(), "--ca", $"{s_mesh.Certs}/ca.pem", "--token-file", token, "--use")).Expect(0);
            StringAssert.Contains((await RunAsync("whoami")).Expect(0).Output, "ada");
            await File.WriteAllTextAsync($"{folder}/policy.yaml", "apiVersion: infermesh/v1\nkind: Policy\nmetadata: {name: over-tls}\nspec: {kind: routing, models: [none-such], routing: {strategy: mesh}}\n");
            await File.WriteAllTextAsync($"{folder}/tenant.yaml", "apiVersion: infermesh/v1\nkind: Tenant\nmetadata: {name: over-tls}\nspec: {limits: {tokensPerDay: 5}}\n");
            foreach (var (line, code) in new[]
            {
                ("list-nodes", 0), ("list-cells -o wide", 0), ("list-models -o json", 0), ("list-pins", 0), ("load-model over/tls --replicas 1 --node nowhere", 0), ("pin-model over/tls elsewhere", 0), ("unpin-model over/tls", 0),
                ("describe-model over/tls", 0), ("unload-model over/tls", 0), ("route none-such", 1), ("topology", 0), ($"policy apply -f {folder}/policy.yaml", 0), ("policy get over-tls", 0), ("policy list -o name", 0), ("policy history over-tls", 0),
                ($"policy diff -f {folder}/policy.yaml", 0), ("policy rollback over-tls 1", 0), ("policy delete over-tls", 0), ("endpoint list", 0), ($"tenant apply -f {folder}/tenant.yaml", 0), ("quota get over-tls", 0), ("quota set over-tls --tokens-per-day 6", 0),
                ("tenant delete over-tls", 0), ("job list", 0), ("job submit --dry-run --name x -- train", 0), ("capacity", 0), ("keys list", 0), ("events --type POLICY_UPDATED", 0), ("stats --iterations 1", 0), ("top", 0), ("top --of models", 0), ("health", 0),
                ("export", 0), ($"backup -o {folder}/mesh.backup", 0), ($"restore {folder}/mesh.backup --dry-run", 0), ("cordon nowhere", 1), ("describe-node nowhere", 1),
            })
                (await RunAsync(line.Split(' '))).Expect(code);
            (await RunAsync("config", "set-context", "viewer", "--api", address.ToString(), "--ca", $"{s_mesh.Certs}/ca.pem", "--token-file", viewer)).Expect(0);
            StringAssert.Contains((await RunAsync("cordon", "n", "--context", "viewer")).Expect(1).Error, "not allowed: ada may not do this");
            StringAssert.Contains((await RunAsync("list-nodes", "--api", address.ToString(), "--ca", $"{s_mesh.Certs}/ca.pem")).Expect(1).Error, "not signed in");
            StringAssert.Contains((await RunAsync("list-nodes", "--api", address.ToString(), "--token-file", token)).Expect(1).Error, "TLS failed");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Task<CommandLine> RunAsync(params string[] args) => CommandLine.RunAsync(config, args);
    }

    [TestMethod]
    public async Task Agent_WithCertificate_ReportsItsNode()
    {
        await TlsMesh.DevCertsAsync(s_mesh.Certs, "--role", "node:tls-1");
        var config = Path.Combine(s_mesh.Certs, "agent.yaml");
        await File.WriteAllTextAsync(config, $"node: {{id: tls-1, cell: tls}}\ngpu: {{source: synthetic}}\ntarget: https://localhost:{s_mesh.TlsPort}\ntls: {{caFile: ca.pem, certFile: node-tls-1.pem, keyFile: node-tls-1-key.pem}}\n");
        await using var agent = new Endurance.ChildProcess(Repository.Assembly("Cli", "InferMesh.Cli"), ["agent", "--config", config], []);
        await TlsMesh.UntilSaidAsync(agent, "tls-1 reports to");
        Assert.Contains("\"tls-1\"", await s_mesh.Client.GetStringAsync("/api/v1/nodes?limit=1000"));
    }

    /// <summary>A certificate of the mesh's own authority that is valid, or was, until a time from now.</summary>
    private static TestLeaf Signed(string id, TimeSpan validFor)
    {
        using var authority = s_mesh.Authority();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new(id));
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(authority, authority.NotBefore, DateTimeOffset.UtcNow + validFor, RandomNumberGenerator.GetBytes(12));
        return new(issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Calls through API and silos, one after another, until asked how it went.</summary>
    private sealed class Calls : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<string> _failures = [];
        private readonly Task _loop;
        private int _answered;

        public Calls(TlsMesh mesh) => _loop = Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                var start = Stopwatch.GetTimestamp();
                try
                {
                    var status = await mesh.CallAsync();
                    if (status == HttpStatusCode.OK) Interlocked.Increment(ref _answered);
                    else _failures.Add($"{status} after {Stopwatch.GetElapsedTime(start)}");
                }
                catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
                {
                    _failures.Add($"{e.Message} {e.InnerException?.Message}");
                }
                await Task.Delay(5);
            }
        });

        public async Task AssertAllAnsweredAsync(int atLeast)
        {
            await ExternalProcess.UntilAsync(() => Task.FromResult(Volatile.Read(ref _answered) >= atLeast), TimeSpan.FromMinutes(1), $"{atLeast} calls");
            await DisposeAsync();
            Assert.IsEmpty(_failures, string.Join("\n", _failures.Take(5)));
        }

        public async ValueTask DisposeAsync()
        {
            if (_loop.IsCompleted) return;
            await _stop.CancelAsync();
            await _loop;
        }
    }
}
