namespace InferMesh.Adapters.Runtimes.Vllm;

/// <summary>How to reach one vLLM server.</summary>
public sealed record VllmProbeOptions
{
    /// <summary>Address of the server: http or https, with or without a trailing slash, a path prefix, and <c>/v1</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Token sent as <c>Authorization: Bearer</c>; null or empty sends none. It appears in no reading and no message.</summary>
    public string? BearerToken { get; init; }

    /// <summary>Time for one whole read. Default 2 s; above zero.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Never prints the token.</summary>
    public override string ToString() => $"{Endpoint} (timeout {Timeout}{(string.IsNullOrEmpty(BearerToken) ? "" : ", with a bearer token")})";
}
