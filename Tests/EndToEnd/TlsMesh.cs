using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using InferMesh.Tests.EndToEnd.Endurance;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Two silos and an API, each its own process, with mutual TLS between them and certificates of <c>infermesh dev-certs</c>.</summary>
internal sealed class TlsMesh : IAsyncDisposable
{
    private const string Reload = "00:00:00.2";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string _folder = Directory.CreateTempSubdirectory("infermesh-tls-").FullName;
    private readonly int _apiPort = ExternalProcess.FreePort();
    private HttpClient? _client;

    private TlsMesh()
    {
    }

    public int SiloPort { get; } = ExternalProcess.FreePort();

    public int GatewayPort { get; } = ExternalProcess.FreePort();

    public int TlsPort { get; } = ExternalProcess.FreePort();

    public ChildProcess First { get; private set; } = null!;

    public ChildProcess Second { get; private set; } = null!;

    public ChildProcess Api { get; private set; } = null!;

    public IReadOnlyList<ChildProcess> All => [First, Second, Api];

    /// <summary>The API's port with TLS, as an operator with a certificate.</summary>
    public HttpClient Client => _client ??= Https("user-admin");

    public string Certs => Path.Combine(_folder, "certs");

    /// <summary>List of revoked certificates that all processes watch.</summary>
    public string RevokedPath => Path.Combine(_folder, "revoked");

    public static async Task<TlsMesh> StartAsync()
    {
        var mesh = new TlsMesh();
        try
        {
            await File.WriteAllTextAsync(mesh.RevokedPath, "");
            await DevCertsAsync(mesh.Certs, "--role", "silo", "--role", "api", "--role", "user:admin", "--role", "user:eve");
            var (first, second) = (ExternalProcess.FreePort(), ExternalProcess.FreePort());
            mesh.First = mesh.Silo(mesh.SiloPort, mesh.GatewayPort, first);
            await mesh.UntilReadyAsync(first, mesh.First);
            mesh.Second = mesh.Silo(ExternalProcess.FreePort(), ExternalProcess.FreePort(), second);
            await mesh.UntilReadyAsync(second, mesh.Second);
            mesh.Api = mesh.StartApi();
            await mesh.UntilReadyAsync(mesh._apiPort, mesh.Api);
            return mesh;
        }
        catch
        {
            await mesh.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes certificates as an operator would.</summary>
    public static Task DevCertsAsync(string folder, params string[] arguments) =>
        ExternalProcess.RunAsync("dotnet", [Repository.Assembly("Cli", "InferMesh.Cli"), "dev-certs", "--output", folder, "--trust-domain", "mesh.test", .. arguments]);

    /// <summary>A certificate that dev-certs made.</summary>
    public TestLeaf Leaf(string name, string? folder = null) =>
        new(File.ReadAllText(Path.Combine(folder ?? Certs, $"{name}.pem")), File.ReadAllText(Path.Combine(folder ?? Certs, $"{name}-key.pem")));

    /// <summary>The mesh's own authority, to sign what it would not.</summary>
    public X509Certificate2 Authority() => X509Certificate2.CreateFromPemFile(Path.Combine(Certs, "ca.pem"), Path.Combine(Certs, "ca-key.pem"));

    /// <summary>Whether a call through API and silos is answered.</summary>
    public async Task<HttpStatusCode> CallAsync()
    {
        using var response = await Client.GetAsync("/api/v1/policies");
        return response.StatusCode;
    }

    /// <summary>One more API, on a TLS port of its own, that lets in who has a token of this issuer.</summary>
    public async Task<(ChildProcess Process, Uri Address)> StartTokenApiAsync(string keysPath, string issuer)
    {
        var (port, tlsPort) = (ExternalProcess.FreePort(), ExternalProcess.FreePort());
        var process = Start("Api",
        [
            $"--InferMesh:Http:Port={port}", $"--InferMesh:Http:GrpcPort={ExternalProcess.FreePort()}", $"--InferMesh:Cluster:GatewayPort={GatewayPort}",
            $"--InferMesh:Http:TlsPort={tlsPort}", $"--InferMesh:Http:CertificatePath={Certs}/api.pem", $"--InferMesh:Http:KeyPath={Certs}/api-key.pem",
            $"--InferMesh:Security:Tokens:SigningKeysPath={keysPath}", $"--InferMesh:Security:Tokens:Issuer={issuer}", .. ClusterTls("api"),
            // Each call is a process that has just begun: on a busy machine its first handshake takes a while.
            "--InferMesh:Tls:HandshakeTimeout=00:00:30",
        ]);
        await UntilReadyAsync(port, process);
        return (process, new($"https://localhost:{tlsPort}"));
    }

    public static Task UntilSaidAsync(ChildProcess process, string text) =>
        ExternalProcess.UntilAsync(() => Task.FromResult(process.Output.Contains(text, StringComparison.Ordinal)), Patience, $"\"{text}\" in:\n{process.Output}");

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        foreach (var process in new[] { Api, Second, First })
        {
            if (process is not null) await process.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private ChildProcess Silo(int siloPort, int gatewayPort, int httpPort) => Start("Silo",
    [
        $"--InferMesh:Cluster:SiloPort={siloPort}", $"--InferMesh:Cluster:GatewayPort={gatewayPort}", $"--InferMesh:Cluster:PrimarySiloPort={SiloPort}",
        $"--InferMesh:Http:Url=http://127.0.0.1:{httpPort}", $"--InferMesh:Storage:SqlitePath={_folder}/mesh.db", .. ClusterTls("silo"),
    ]);

    private ChildProcess StartApi() => Start("Api",
    [
        $"--InferMesh:Http:Port={_apiPort}", $"--InferMesh:Http:GrpcPort={ExternalProcess.FreePort()}", $"--InferMesh:Cluster:GatewayPort={GatewayPort}",
        $"--InferMesh:Http:TlsPort={TlsPort}", $"--InferMesh:Http:CertificatePath={Certs}/api.pem", $"--InferMesh:Http:KeyPath={Certs}/api-key.pem",
        "--InferMesh:Security:Mode=Development", "--InferMesh:Http:ClientCertificates=Required", $"--InferMesh:Http:ClientCaPath={Certs}/ca.pem", $"--InferMesh:Http:RevokedPath={RevokedPath}", .. ClusterTls("api"),
    ]);

    private string[] ClusterTls(string name) =>
    [
        "--InferMesh:Cluster:Tls:Enabled=true", $"--InferMesh:Cluster:Tls:CertificatePath={Certs}/{name}.pem", $"--InferMesh:Cluster:Tls:KeyPath={Certs}/{name}-key.pem",
        $"--InferMesh:Cluster:Tls:CaPath={Certs}/ca.pem", $"--InferMesh:Cluster:Tls:RevokedPath={RevokedPath}",
        "--InferMesh:Cluster:Tls:SiloIds:0=spiffe://mesh.test/ns/*/sa/silo", "--InferMesh:Cluster:Tls:ClientIds:0=spiffe://mesh.test/ns/*/sa/api",
        "--InferMesh:Tls:HandshakeTimeout=00:00:01", $"--InferMesh:Tls:ReloadPeriod={Reload}",
    ];

    private static ChildProcess Start(string project, IEnumerable<string> arguments) => new(Repository.Assembly(project, $"InferMesh.{project}"), arguments, []);

    private async Task UntilReadyAsync(int port, ChildProcess process)
    {
        using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}") };
        try
        {
            await ExternalProcess.UntilAsync(
                async () =>
                {
                    try
                    {
                        using var response = await client.GetAsync("/health/ready");
                        return response.IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                },
                Patience,
                "ready");
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException(new StringBuilder(e.Message).AppendLine(process.Output).AppendLine(First.Output).ToString(), e);
        }
    }

    private HttpClient Https(string name)
    {
        var options = new SslClientAuthenticationOptions { ClientCertificates = [Leaf(name).Load()], CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(Path.Combine(Certs, "ca.pem"));
        return new(new SocketsHttpHandler { UseProxy = false, SslOptions = options }) { BaseAddress = new($"https://127.0.0.1:{TlsPort}"), Timeout = TimeSpan.FromSeconds(30) };
    }
}
