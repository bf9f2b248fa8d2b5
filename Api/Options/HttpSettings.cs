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

    /// <summary>Largest request body in bytes, 1 KiB to 1 GiB. Default 32 MiB. Calls under <c>/api</c> are held to 1 MiB.</summary>
    [Range(1024, 1L << 30)]
    public long MaxRequestBodyBytes { get; set; } = 32L << 20;

    /// <summary>Connections open at once, 1 to 1000000. Default 10000.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    public IPAddress IPAddress => IPAddress.Parse(Address);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IPAddress.TryParse(Address, out _))
            yield return new ValidationResult($"\"{Address}\" must be an IP address, such as 127.0.0.1", [nameof(Address)]);
        if (Port == GrpcPort && Port != 0)
            yield return new ValidationResult($"must differ from Port ({Port}): HTTP/1.1 and HTTP/2 cannot share a port without TLS", [nameof(GrpcPort)]);
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
