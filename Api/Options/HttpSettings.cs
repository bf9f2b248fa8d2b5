using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Options;

/// <summary>Section <c>InferMesh:Http</c>: where the API listens and what it accepts.</summary>
internal sealed class HttpSettings : IValidatableObject
{
    public const string Section = "InferMesh:Http";

    /// <summary>Address of both ports; any other than a loopback address needs <c>InferMesh:Api:AdminKeys</c>. Default 127.0.0.1.</summary>
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

    /// <summary>PEM file of the certificate of <see cref="TlsPort"/>, followed by its chain. Read at start.</summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>PEM file of its private key.</summary>
    public string KeyPath { get; set; } = "";

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

    public IPAddress IPAddress => IPAddress.Parse(Address);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IPAddress.TryParse(Address, out _))
            yield return new ValidationResult($"\"{Address}\" must be an IP address, such as 127.0.0.1", [nameof(Address)]);
        if (Port == GrpcPort && Port != 0)
            yield return new ValidationResult($"must differ from Port ({Port}): HTTP/1.1 and HTTP/2 cannot share a port without TLS", [nameof(GrpcPort)]);
        if (TlsPort is null) yield break;
        if (TlsPort != 0 && (TlsPort == Port || TlsPort == GrpcPort))
            yield return new ValidationResult($"must differ from Port ({Port}) and GrpcPort ({GrpcPort})", [nameof(TlsPort)]);
        foreach (var (name, path) in new[] { (nameof(CertificatePath), CertificatePath), (nameof(KeyPath), KeyPath) })
        {
            if (!File.Exists(path))
                yield return new ValidationResult($"\"{path}\" must be a PEM file: TlsPort ({TlsPort}) needs it", [name]);
        }
    }
}

/// <summary>Who can reach the API from elsewhere must need a key to change the mesh.</summary>
internal sealed class KeysForOpenAddress(IConfiguration configuration) : IValidateOptions<HttpSettings>
{
    private const string Keys = $"{ApiSettings.Section}:{nameof(ApiSettings.AdminKeys)}";

    public ValidateOptionsResult Validate(string? name, HttpSettings options) =>
        IPAddress.TryParse(options.Address, out var address) && !IPAddress.IsLoopback(address) && !configuration.GetSection(Keys).GetChildren().Any()
            ? ValidateOptionsResult.Fail($"Address {address} can be reached from other machines, which needs {Keys}: set {Keys}:0 to a key, or Address to 127.0.0.1")
            : ValidateOptionsResult.Success;
}
