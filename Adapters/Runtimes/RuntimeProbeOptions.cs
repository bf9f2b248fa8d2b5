namespace InferMesh.Adapters.Runtimes;

/// <summary>How to reach one runtime.</summary>
public sealed record RuntimeProbeOptions
{
    /// <summary>Address of its API: http or https, with or without a trailing slash, a path prefix, and the API's version, such as <c>/v1</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Root below which its metrics are. Null (default): where the runtime has them by default, as seen from the endpoint (Triton: the port + 2).</summary>
    public Uri? MetricsEndpoint { get; init; }

    /// <summary>Root of its management API. Null (default): where the runtime has it by default, as seen from the endpoint (TorchServe: the port + 1).</summary>
    public Uri? ManagementEndpoint { get; init; }

    /// <summary>Names of its models, for a runtime that has no list of them (TensorFlow Serving). Default empty.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Token sent as <c>Authorization: Bearer</c>; null or empty sends none. It appears in no reading and no message.</summary>
    public string? BearerToken { get; init; }

    /// <summary>Time for one whole read. Default 2 s; above zero.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time for one control operation: weights take minutes to load. Default 10 min; above zero.</summary>
    public TimeSpan ControlTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Bytes that are read of a metrics page; above 0. Default 16 MiB; the rest is cut off and reported.</summary>
    public int MaxPageBytes { get; init; } = 16 << 20;

    /// <summary>Never prints the token.</summary>
    public override string ToString() => $"{Endpoint} (timeout {Timeout}{(string.IsNullOrEmpty(BearerToken) ? "" : ", with a bearer token")})";
}
