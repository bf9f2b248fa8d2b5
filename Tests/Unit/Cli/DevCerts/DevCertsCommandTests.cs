using System.Security.Cryptography.X509Certificates;
using InferMesh.Cli;
using InferMesh.ServiceDefaults.Security;

namespace InferMesh.Tests.Unit.Cli.DevCerts;

[TestClass]
public sealed class DevCertsCommandTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("infermesh-certs-").FullName;

    [TestCleanup]
    public void Clean() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow("silo", "silo", "spiffe://mesh.test/ns/prod/sa/silo")]
    [DataRow("api", "api", "spiffe://mesh.test/ns/prod/sa/api")]
    [DataRow("node:gpu-1", "node-gpu-1", "spiffe://mesh.test/ns/prod/sa/agent/node/gpu-1")]
    [DataRow("user:ada", "user-ada", "spiffe://mesh.test/ns/prod/user/ada")]
    public async Task Role_HasItsIdAndPurposes_AndAChainToTheAuthority(string role, string file, string id)
    {
        Assert.AreEqual((0, ""), await RunAsync("--role", role, "--trust-domain", "mesh.test", "--namespace", "prod", "--host", "mesh.internal", "--days", "30"));
        using var leaf = X509Certificate2.CreateFromPemFile(Pem(file), Pem($"{file}-key"));
        using var authority = X509CertificateLoader.LoadCertificateFromFile(Pem("ca"));

        Assert.AreEqual(id, SpiffeId.Of(leaf)?.ToString());
        Assert.Contains("development only", leaf.Subject);
        Assert.Contains("development only", authority.Subject);
        Assert.AreEqual(256, leaf.GetECDsaPrivateKey()!.KeySize);
        Assert.IsTrue(leaf.MatchesHostname("localhost") && leaf.MatchesHostname("127.0.0.1") && leaf.MatchesHostname("::1") && leaf.MatchesHostname("mesh.internal"));
        Assert.AreEqual(30, (leaf.NotAfter - DateTime.Now).TotalDays, 0.1);
        foreach (var purpose in new[] { "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2" })
        {
            using var chain = new X509Chain();
            chain.ChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, ApplicationPolicy = { new(purpose) } };
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            Assert.IsTrue(chain.Build(leaf), string.Join(", ", chain.ChainStatus.Select(s => s.StatusInformation)));
        }
    }

    [TestMethod]
    public async Task Keys_AreForTheirOwnerOnly()
    {
        if (OperatingSystem.IsWindows()) Assert.Inconclusive("Windows has no such modes.");
        await RunAsync();
        var keys = Directory.GetFiles(_folder, "*-key.pem");
        CollectionAssert.AreEquivalent(new[] { "ca-key.pem", "silo-key.pem", "api-key.pem", "user-admin-key.pem" }, keys.Select(Path.GetFileName).ToArray());
        foreach (var key in keys)
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(key), key);
        Assert.IsEmpty(Directory.GetFiles(_folder, "*.tmp"));
    }

    [TestMethod]
    public async Task Again_RefusesToReplace_UnlessForced_AndKeepsTheAuthority()
    {
        await RunAsync("--role", "silo");
        var (authority, leaf) = (File.ReadAllText(Pem("ca")), File.ReadAllText(Pem("silo")));
        var (code, error) = await RunAsync("--role", "silo");
        Assert.AreEqual(InferMeshCommand.ExitUsage, code);
        Assert.Contains("--force", error);
        Assert.AreEqual(leaf, File.ReadAllText(Pem("silo")));

        Assert.AreEqual((0, ""), await RunAsync("--role", "silo", "--force"));
        Assert.AreEqual((0, ""), await RunAsync("--role", "api"));
        Assert.AreEqual(authority, File.ReadAllText(Pem("ca")));
        Assert.AreNotEqual(leaf, File.ReadAllText(Pem("silo")));
    }

    [TestMethod]
    [DataRow("--role", "admin", "--role must be silo, api, node:ID or user:NAME")]
    [DataRow("--role", "node:a/b", "--role must be")]
    [DataRow("--role", "node:..", "--role must be")]
    [DataRow("--days", "0", "--days must be from 1 to 3650")]
    [DataRow("--trust-domain", "Mesh", "--trust-domain must be lower case")]
    [DataRow("--namespace", "a/b", "--namespace must be")]
    [DataRow("--host", "a b", "--host must be")]
    public async Task Wrong_Option_IsOneLineAndExitCodeTwo(string option, string value, string says)
    {
        var (code, error) = await RunAsync(option, value);
        Assert.AreEqual(InferMeshCommand.ExitUsage, code);
        Assert.Contains(says, error);
        Assert.AreEqual(1, error.Trim().Split('\n').Length);
        Assert.IsEmpty(Directory.GetFiles(_folder));
    }

    [TestMethod]
    public async Task OtherTrustDomain_UnderTheSameAuthority_IsRefused()
    {
        await RunAsync("--role", "silo", "--trust-domain", "one.test");
        var (code, error) = await RunAsync("--role", "api", "--trust-domain", "two.test");
        Assert.AreEqual(InferMeshCommand.ExitUsage, code);
        Assert.Contains("'one.test'", error);
    }

    private string Pem(string name) => Path.Combine(_folder, $"{name}.pem");

    private async Task<(int Code, string Error)> RunAsync(params string[] arguments)
    {
        var error = new StringWriter();
        var code = await InferMeshCommand.RunAsync(["dev-certs", "--output", _folder, .. arguments], new StringWriter(), error);
        return (code, error.ToString());
    }
}
