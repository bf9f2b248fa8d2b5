using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Runtimes.Vllm;

/// <summary>Reads a vLLM server over /health, /v1/models, /metrics and, once, /version.</summary>
/// <remarks>Engine v0 and v1 metric names are both understood. Thread-safe; the client is shared and not disposed here.</remarks>
public sealed class VllmProbe : IRuntimeProbe
{
    /// <summary>The value of <see cref="RuntimeReading.Runtime"/>.</summary>
    public const string RuntimeName = "vllm";

    private const int MaxModelsBytes = 1 << 20;
    private const int MaxSmallBytes = 64 << 10;

    private readonly VllmEndpoint _endpoint;
    private readonly VllmHttp _http;
    private readonly VllmModels _models;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly Lock _gate = new();
    private string? _version;
    private bool _askVersion = true;

    /// <summary>Creates a probe; nothing is requested before the first read.</summary>
    /// <param name="client">Client for all requests. Its own timeout still applies.</param>
    /// <param name="options">Where the server is.</param>
    /// <param name="time">Clock of the windows, the timeout and the readings.</param>
    /// <exception cref="ArgumentException">The endpoint is no http or https URL, or the timeout is not above zero.</exception>
    public VllmProbe(HttpClient client, VllmProbeOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (options.Timeout <= TimeSpan.Zero)
            throw new ArgumentException($"the timeout is {options.Timeout}; it must be above zero", nameof(options));
        _endpoint = new VllmEndpoint(options.Endpoint);
        _http = new VllmHttp(client, options.BearerToken);
        _models = new VllmModels(time);
        (_time, _timeout) = (time, options.Timeout);
    }

    /// <inheritdoc/>
    public async ValueTask<RuntimeReading> ReadAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        // Side by side: one hanging endpoint must not eat the time of the others.
        var health = _http.GetAsync(_endpoint.Health, MaxSmallBytes, either.Token, cancellationToken);
        var list = _http.GetAsync(_endpoint.Models, MaxModelsBytes, either.Token, cancellationToken);
        var metrics = _http.GetAsync(_endpoint.Metrics, PrometheusParseOptions.Default.MaxPageBytes, either.Token, cancellationToken);
        var version = VersionAsync(either.Token, cancellationToken);
        await Task.WhenAll(health, list, metrics, version);
        return Fold(await health, await list, await metrics, await version);
    }

    private RuntimeReading Fold(VllmResponse health, VllmResponse list, VllmResponse metrics, string? version)
    {
        var now = _time.GetUtcNow();
        var errors = new List<string>();
        if (health.Error is not null)
            errors.Add(health.Error);
        var entries = Entries(list, errors);
        var page = Page(metrics, errors);
        IReadOnlyList<ModelReading> models;
        lock (_gate)
            models = _models.Read(entries, page, metrics.Error, now);
        return new RuntimeReading
        {
            Runtime = RuntimeName,
            Endpoint = _endpoint.Root,
            Healthy = health.Ok,
            Version = version,
            Models = models,
            Error = errors.Count == 0 ? null : string.Join("; ", errors),
            Synthetic = page is not null && VllmModels.IsSynthetic(page),
            SampledAt = now,
        };
    }

    private static IReadOnlyList<VllmModelEntry>? Entries(VllmResponse list, List<string> errors)
    {
        if (list.Error is not null)
            errors.Add(list.Error);
        if (!list.Ok || !list.Whole)
            return null; // half a list would look like models that were unloaded
        var entries = VllmModelList.Parse(list.Body, out var error);
        if (error is not null)
            errors.Add(error);
        return entries;
    }

    private static PrometheusPage? Page(VllmResponse metrics, List<string> errors)
    {
        if (metrics.Error is not null)
            errors.Add(metrics.Error);
        if (!metrics.Ok)
            return null;
        var page = PrometheusPage.Parse(metrics.Body, PrometheusParseOptions.Default with { Complete = metrics.Whole, OpenMetrics = metrics.OpenMetrics ? true : null });
        if (page.ErrorCount > 0)
            errors.Add($"GET /metrics: {page.ErrorCount} lines not understood, first: line {page.Errors[0].Line}, {page.Errors[0].Message}");
        return page;
    }

    /// <summary>Asks until there is an answer; a server that says 404 will say it again.</summary>
    private async Task<string?> VersionAsync(CancellationToken timeout, CancellationToken caller)
    {
        if (!Volatile.Read(ref _askVersion))
            return Volatile.Read(ref _version);
        var response = await _http.GetAsync(_endpoint.Version, MaxSmallBytes, timeout, caller);
        if (response.Ok && response.Whole)
            Volatile.Write(ref _version, VllmModelList.ParseVersion(response.Body));
        Volatile.Write(ref _askVersion, response.Status is 0 or >= 500);
        return Volatile.Read(ref _version);
    }
}
