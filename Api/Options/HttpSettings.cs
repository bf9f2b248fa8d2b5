using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using InferMesh.ServiceDefaults.Tls;

namespace InferMesh.Api.Options;

/// <summary>Whether callers of the TLS port show a certificate. One that is shown must be good in any case.</summary>
internal enum ClientCertificates
{
    /// <summary>They are not asked.</summary>
    None,

    /// <summary>They may: others say who they are in another way.</summary>
    Optional,

    /// <summary>Without one there is no connection.</summary>
    Required,
}

/// <summary>Section <c>InferMesh:Http</c>: where the API listens and what it accepts.</summary>
internal sealed class HttpSettings : IValidatableObject
{
    public const string Section = "InferMesh:Http";

    /// <summary>Address of all ports; any other than a loopback address needs <c>InferMesh:Security:Mode</c> Enforced, and TLS or <see cref="AllowPlaintext"/>. Default 127.0.0.1.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>HTTP/1.1 port: REST, Swagger, ingress; 0 (any free one) to 65535. Default 8080.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8080;

    /// <summary>HTTP/2 port without TLS: gRPC; 0 (any free one) to 65535. Default 50051.</summary>
    [Range(0, 65535)]
    public int GrpcPort { get; set; } = 50051;

    /// <summary>Port with TLS for everything: HTTP/1.1 and HTTP/2, and HTTP/3 where the machine has QUIC; 0 (any free one) to 65535. Default: none.</summary>
    [Range(0, 65535)]
    public int? TlsPort { get; set; }

    /// <summary>PEM file of the certificate of <see cref="TlsPort"/>, followed by its chain; watched.</summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>PEM file of its private key without a password; watched.</summary>
    public string KeyPath { get; set; } = "";

    /// <summary>None (default), Optional or Required: whether callers of <see cref="TlsPort"/> show a certificate.</summary>
    public ClientCertificates ClientCertificates { get; set; } = ClientCertificates.None;

    /// <summary>PEM file of the authorities that callers' certificates are trusted by; those of the machine are not. Watched.</summary>
    public string ClientCaPath { get; set; } = "";

    /// <summary>File of callers' certificates that are trusted no more: a serial number or SPIFFE id a line; watched. Default: none.</summary>
    public string RevokedPath { get; set; } = "";

    /// <summary>
    /// Serve plaintext on an address that other machines reach, as behind a balancer that speaks TLS. Without it the plaintext ports are on loopback when
    /// <see cref="Address"/> is not. Default false.
    /// </summary>
    public bool AllowPlaintext { get; set; }

    /// <summary>Largest request body in bytes, 1 KiB to 1 GiB. Default 32 MiB. Calls under <c>/api</c> are held to 1 MiB.</summary>
    [Range(1024, 1L << 30)]
    public long MaxRequestBodyBytes { get; set; } = 32L << 20;

    /// <summary>Connections open at once, 1 to 1000000. Default 10000.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>Concurrent requests of one HTTP/2 connection, 1 to 10000. Default 100.</summary>
    [Range(1, 10_000)]
    public int MaxStreamsPerConnection { get; set; } = 100;

    /// <summary>Header fields of a request, 10 to 1000; more get 431. Default 100.</summary>
    [Range(10, 1_000)]
    public int MaxRequestHeaders { get; set; } = 100;

    /// <summary>Bytes of all header fields of a request together, 1 KiB to 1 MiB; more get 431. Default 32 KiB.</summary>
    [Range(1024, 1 << 20)]
    public int MaxRequestHeaderBytes { get; set; } = 32 << 10;

    /// <summary>How long the head of a request may take from its first byte to its last, 0.5 s to 10 min; then 408. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:10:00")]
    public TimeSpan RequestHeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connection may stay open without a request, 1 s to 1 h. Default 2 min 10 s, longer than the 2 min after which common balancers drop theirs.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>Bytes per second that a request body must bring on average, 1 to 1 GiB; slower ones get 408. Default 240.</summary>
    [Range(1, 1 << 30)]
    public int MinBodyBytesPerSecond { get; set; } = 240;

    /// <summary>How long a request body may be slower than that, 1.5 s to 10 min. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01.5", "00:10:00")]
    public TimeSpan SlowBodyGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long requests under way may go on after the process was told to stop, 1 s to 1 h; nothing new is accepted meanwhile. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Host names that requests may be for, and with a dot before them all names of a domain; others get 421, but for <c>/health</c>. Default: any, as no answer depends on it, and no
    /// foreign name makes a caller the admin of Development mode.
    /// </summary>
    public IList<string> AllowedHosts { get; set; } = [];

    /// <summary>Origins whose web pages may use the API, such as https://console.example, exactly as browsers send them. Default: none.</summary>
    public IList<string> CorsOrigins { get; set; } = [];

    /// <summary>
    /// Addresses and networks (such as 10.1.2.0/24) of balancers whose <c>X-Forwarded-For</c> says where a call comes from, for the audit and for limits of sign-ins; from anybody else the header
    /// means nothing. Default: none.
    /// </summary>
    public IList<string> TrustedProxies { get; set; } = [];

    public IPAddress IPAddress => IPAddress.Parse(Address);

    /// <summary>A network, or the one of a single address; false when the text is neither.</summary>
    public static bool TryNetwork(string text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network)) return true;
        if (!IPAddress.TryParse(text, out var address)) return false;
        network = new(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
        return true;
    }

    /// <summary>Where the ports without TLS are.</summary>
    public IPAddress PlaintextAddress =>
        AllowPlaintext || IPAddress.IsLoopback(IPAddress) ? IPAddress : IPAddress.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;

    /// <summary>Files of <see cref="TlsPort"/>.</summary>
    public CertificateFiles CertificateFiles => new(
        new($"{Section}:{nameof(CertificatePath)}", CertificatePath),
        new($"{Section}:{nameof(KeyPath)}", KeyPath),
        ClientCertificates == ClientCertificates.None ? null : new($"{Section}:{nameof(ClientCaPath)}", ClientCaPath),
        RevokedPath.Length == 0 ? null : new($"{Section}:{nameof(RevokedPath)}", RevokedPath));

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IPAddress.TryParse(Address, out _))
            yield return new ValidationResult($"\"{Address}\" must be an IP address, such as 127.0.0.1", [nameof(Address)]);
        if (Port == GrpcPort && Port != 0)
            yield return new ValidationResult($"must differ from Port ({Port}): HTTP/1.1 and HTTP/2 cannot share a port without TLS", [nameof(GrpcPort)]);
        if (TlsPort is null && !AllowPlaintext && IPAddress.TryParse(Address, out var address) && !IPAddress.IsLoopback(address))
            yield return new ValidationResult($"{address} can be reached from other machines: set TlsPort with CertificatePath and KeyPath, or AllowPlaintext to true behind a balancer that speaks TLS", [nameof(Address)]);
        foreach (var (i, host) in AllowedHosts.Index())
        {
            if (Uri.CheckHostName(host.TrimStart('.')) == UriHostNameType.Unknown)
                yield return new ValidationResult($"\"{host}\" must be a host name without a port, or a domain such as .mesh.example", [$"{nameof(AllowedHosts)}:{i}"]);
        }
        foreach (var (i, proxy) in TrustedProxies.Index())
        {
            if (!TryNetwork(proxy, out _))
                yield return new ValidationResult($"\"{proxy}\" must be an address or a network, such as 10.1.2.3 or 10.1.2.0/24", [$"{nameof(TrustedProxies)}:{i}"]);
        }
        foreach (var (i, origin) in CorsOrigins.Index())
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || origin != uri.GetLeftPart(UriPartial.Authority))
                yield return new ValidationResult($"\"{origin}\" must be an origin such as https://console.example: scheme, host in small letters, port when it is not the usual one, and nothing after them", [$"{nameof(CorsOrigins)}:{i}"]);
        }
        if (TlsPort is null && ClientCertificates != ClientCertificates.None)
            yield return new ValidationResult("needs TlsPort: no other port asks for certificates", [nameof(ClientCertificates)]);
        if (TlsPort is null) yield break;
        if (TlsPort != 0 && (TlsPort == Port || TlsPort == GrpcPort))
            yield return new ValidationResult($"must differ from Port ({Port}) and GrpcPort ({GrpcPort})", [nameof(TlsPort)]);
        foreach (var (name, path, needed) in new[]
        {
            (nameof(CertificatePath), CertificatePath, true), (nameof(KeyPath), KeyPath, true), (nameof(ClientCaPath), ClientCaPath, ClientCertificates != ClientCertificates.None),
        })
        {
            if (needed && !File.Exists(path))
                yield return new ValidationResult($"\"{path}\" must be a PEM file: TlsPort ({TlsPort}) needs it", [name]);
        }
        if (RevokedPath.Length > 0 && (!File.Exists(RevokedPath) || ClientCertificates == ClientCertificates.None))
            yield return new ValidationResult($"\"{RevokedPath}\" must be a file, and ClientCertificates Optional or Required", [nameof(RevokedPath)]);
    }
}
