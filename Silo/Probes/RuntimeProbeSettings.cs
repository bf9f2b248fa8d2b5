using InferMesh.Adapters.Runtimes;

namespace InferMesh.Silo.Probes;

/// <summary>One entry of <c>InferMesh:Probes:Runtimes</c>.</summary>
internal sealed class RuntimeProbeSettings
{
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Kind of runtime: <c>vllm</c> (default), <c>sglang</c>, <c>triton</c>, <c>tgi</c>, <c>torchserve</c>, <c>tfserving</c>, <c>ovms</c>, <c>llamacpp</c> or <c>openai</c>.</summary>
    public string Kind { get; set; } = RuntimeKinds.Vllm;

    /// <summary>Where the silo reads, such as <c>http://127.0.0.1:8000</c>; must be set.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>Root below which its metrics are. Default: where its kind has them, as seen from the endpoint.</summary>
    public string? MetricsEndpoint { get; set; }

    /// <summary>Root of its management API. Default: where its kind has it, as seen from the endpoint.</summary>
    public string? ManagementEndpoint { get; set; }

    /// <summary>Names of its models, which <c>tfserving</c> needs, having no list of them; default none.</summary>
    public IList<string> Models { get; } = [];

    /// <summary>Where routers send requests. Default: the endpoint.</summary>
    public string? Advertise { get; set; }

    /// <summary>Type of its GPUs, such as <c>H100-80G</c>; "" (default) when unknown.</summary>
    public string Gpu { get; set; } = "";

    /// <summary>Price of its GPUs in US dollars per hour, not negative; default unknown.</summary>
    public double? PricePerHour { get; set; }

    /// <summary>Limit of one read. Default 2 s, 0.1 s to 1 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>File that holds the token for the runtime's API; default none.</summary>
    public string? BearerTokenFile { get; set; }

    /// <summary>Most sequences in a batch, above 0; default unknown.</summary>
    public double? MaxConcurrency { get; set; }

    /// <summary>Prompt tokens per second at best, above 0; default unknown.</summary>
    public double? PrefillTokensPerSecond { get; set; }

    /// <summary>Generated tokens per second of a full batch at best, above 0; default unknown.</summary>
    public double? DecodeTokensPerSecond { get; set; }

    /// <summary>Seconds per output token of a lone sequence at best, above 0; default unknown.</summary>
    public double? MinSecondsPerToken { get; set; }

    /// <summary>Everything that is wrong with the entry, by key.</summary>
    public IEnumerable<(string Key, string Message)> Errors()
    {
        if (!RuntimeKinds.IsKnown(Kind))
            yield return (nameof(Kind), $"\"{Kind}\" is not a kind of runtime; known kinds: {string.Join(", ", RuntimeKinds.All)}");
        if (Kind == RuntimeKinds.TfServing && Models.Count == 0)
            yield return (nameof(Models), $"must name at least one model for {RuntimeKinds.TfServing}, which has no list of them");
        foreach (var (key, address) in new[] { (nameof(MetricsEndpoint), MetricsEndpoint), (nameof(ManagementEndpoint), ManagementEndpoint) })
        {
            if (address is not null && !IsAddress(address))
                yield return (key, $"\"{address}\" must be an http(s) address without a password, such as http://127.0.0.1:8002");
        }
        if (!IsAddress(Endpoint))
            yield return (nameof(Endpoint), $"\"{Endpoint}\" must be an http(s) address without a password, such as http://127.0.0.1:8000");
        if (Advertise is not null && !IsAddress(Advertise, mayBeH2c: true))
            yield return (nameof(Advertise), $"\"{Advertise}\" must be an http(s) address without a password, such as http://10.0.0.7:8000");
        if (PricePerHour is { } price && !(price >= 0 && double.IsFinite(price)))
            yield return (nameof(PricePerHour), "must not be negative");
        if (Timeout < LeastTimeout || Timeout > MostTimeout)
            yield return (nameof(Timeout), "must be from 0.1 s to 1 min");
        if (BearerTokenFile is not null && !File.Exists(BearerTokenFile))
            yield return (nameof(BearerTokenFile), $"\"{BearerTokenFile}\" is not a file");
        foreach (var (key, value) in new[]
        {
            (nameof(MaxConcurrency), MaxConcurrency), (nameof(PrefillTokensPerSecond), PrefillTokensPerSecond),
            (nameof(DecodeTokensPerSecond), DecodeTokensPerSecond), (nameof(MinSecondsPerToken), MinSecondsPerToken),
        })
        {
            if (value is { } number && !(number > 0 && double.IsFinite(number)))
                yield return (key, "must be a number above 0");
        }
    }

    internal static bool IsAddress(string text, bool mayBeH2c = false) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https" || (mayBeH2c && uri.Scheme == "h2c")) && uri.UserInfo.Length == 0;
}
