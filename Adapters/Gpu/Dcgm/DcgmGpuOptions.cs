using InferMesh.Adapters.Tls;

namespace InferMesh.Adapters.Gpu.Dcgm;

/// <summary>Where a dcgm-exporter listens.</summary>
public sealed record DcgmGpuOptions
{
    /// <summary>Address of the page, for example <c>http://127.0.0.1:9400/metrics</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Limit of one read. Default 2 s; above zero.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Largest page that is read, in bytes. Default 4 MiB, several times that of sixteen GPUs cut into slices; above zero.</summary>
    public int MaxPageBytes { get; init; } = 4 << 20;

    /// <summary>Token for the Authorization header; null sends none. It appears in no reading and no message.</summary>
    public string? BearerToken { get; init; }

    /// <summary>Whom to trust and which certificate to show over https; null trusts the authorities of this machine and shows none.</summary>
    public ClientTls? Tls { get; init; }

    /// <summary>Never prints the token.</summary>
    public override string ToString() => $"{Endpoint} (timeout {Timeout}{(string.IsNullOrEmpty(BearerToken) ? "" : ", with a bearer token")})";
}
