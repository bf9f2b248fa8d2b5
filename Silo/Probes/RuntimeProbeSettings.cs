namespace InferMesh.Silo.Probes;

/// <summary>One entry of <c>InferMesh:Probes:Runtimes</c>.</summary>
internal sealed class RuntimeProbeSettings
{
    private const string Vllm = "vllm";
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Kind of runtime: <c>vllm</c> (default).</summary>
    public string Kind { get; set; } = Vllm;

    /// <summary>Where the silo reads, such as <c>http://127.0.0.1:8000</c>; must be set.</summary>
    public string Endpoint { get; set; } = "";

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
        if (Kind != Vllm)
            yield return (nameof(Kind), $"\"{Kind}\" is not a kind of runtime; known kinds: {Vllm}");
        if (!IsAddress(Endpoint))
            yield return (nameof(Endpoint), $"\"{Endpoint}\" must be an http(s) address without a password, such as http://127.0.0.1:8000");
        if (Advertise is not null && !IsAddress(Advertise))
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

    private static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https") && uri.UserInfo.Length == 0;
}
