using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>Reads any runtime that has its health, its models and its metrics behind HTTP. Thread-safe; the client is shared and not disposed here.</summary>
internal sealed class HttpRuntimeProbe : IRuntimeProbe
{
    /// <summary>Models that are described one by one; more would turn every read into a storm of requests.</summary>
    private const int MaxDescribed = 64;

    private const int MaxSmallBytes = 64 << 10;

    private readonly RuntimeDialect _dialect;
    private readonly RuntimeHttp _http;
    private readonly RuntimeEndpoints _endpoints;
    private readonly RuntimeProbeOptions _options;
    private readonly TimeProvider _time;
    private readonly RuntimeDocumentSource[] _documents;
    private readonly ModelTracker _models;
    private readonly Lock _gate = new();

    public HttpRuntimeProbe(RuntimeDialect dialect, RuntimeHttp http, RuntimeEndpoints endpoints, RuntimeProbeOptions options, TimeProvider time)
    {
        (_dialect, _http, _endpoints, _options, _time) = (dialect, http, endpoints, options, time);
        _documents = [.. dialect.Documents.Select(document => new RuntimeDocumentSource(document, http, endpoints))];
        _models = new ModelTracker(dialect, time);
    }

    /// <inheritdoc/>
    public async ValueTask<RuntimeReading> ReadAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        // Side by side: one hanging endpoint must not eat the time of the others.
        var health = GetAsync(RuntimeServer.Api, _dialect.Health, MaxSmallBytes, either.Token, cancellationToken);
        var metrics = GetAsync(RuntimeServer.Metrics, _dialect.MetricsPath, _options.MaxPageBytes, either.Token, cancellationToken);
        var documents = Task.WhenAll(_documents.Select(document => document.GetAsync(either.Token, cancellationToken)));
        await Task.WhenAll(health, metrics, documents);
        var answers = new Answers(await health ?? (await documents)[0], await metrics, await documents);
        var errors = new List<string>();
        if (_dialect.Health is not null && answers.Health.Error is { } error)
            errors.Add(error);
        var inventory = Inventory(answers.Documents, errors);
        inventory = await DescribeAsync(inventory, errors, either.Token, cancellationToken);
        return Fold(answers, inventory, errors);
    }

    private async Task<RuntimeResponse?> GetAsync(RuntimeServer server, string? path, int maxBytes, CancellationToken timeout, CancellationToken caller) =>
        path is null ? null : await _http.SendAsync(new(_endpoints.At(server, path), MaxBytes: maxBytes), timeout, caller);

    private RuntimeInventory Inventory(RuntimeResponse[] responses, List<string> errors)
    {
        var bodies = new Dictionary<string, (string What, byte[] Body)>(StringComparer.Ordinal);
        foreach (var (source, response) in _documents.Zip(responses))
        {
            if (response.Error is not null && !source.Document.Optional)
                errors.Add(response.Error);
            // Half a list would look like models that were unloaded.
            if (response is { Ok: true, Whole: true })
                bodies[source.Document.Name] = (source.What, response.Body);
        }
        return _dialect.Inventory(new RuntimeDocuments(bodies, errors));
    }

    private async Task<RuntimeInventory> DescribeAsync(RuntimeInventory inventory, List<string> errors, CancellationToken timeout, CancellationToken caller)
    {
        if (_dialect.Describe is not { } describe || inventory.Models is not { Count: > 0 } models)
            return inventory;
        var described = await Task.WhenAll(models.Take(MaxDescribed).Select(async entry =>
        {
            var source = new RuntimeDocumentSource(describe.Document(entry), _http, _endpoints);
            var response = await source.GetAsync(timeout, caller);
            if (response is not { Ok: true, Whole: true })
                return (Entry: entry, response.Error);
            return (Entry: RuntimeJson.Read(response.Body, source.What, root => describe.Read(entry, root), out var error) ?? entry, Error: error);
        }));
        errors.AddRange(described.Select(one => one.Error).OfType<string>().Distinct());
        return inventory with { Models = [.. described.Select(one => one.Entry), .. models.Skip(MaxDescribed)] };
    }

    private RuntimeReading Fold(Answers answers, RuntimeInventory inventory, List<string> errors)
    {
        var now = _time.GetUtcNow();
        var page = Page(answers.Metrics, errors);
        var allLoaded = !_dialect.HealthyWhenLoaded || inventory.Models is { Count: > 0 } listed && listed.All(model => model.Loaded);
        var healthy = answers.Health.Ok && allLoaded && SaysHealthy(answers.Health);
        if (!healthy)
            Array.ForEach(_documents, document => document.Forget());
        IReadOnlyList<ModelReading> models;
        lock (_gate)
            models = _models.Read(inventory.Models, page, answers.Metrics is null ? $"{_dialect.Kind} has no metrics" : answers.Metrics.Error, now);
        return new RuntimeReading
        {
            Runtime = _dialect.Kind,
            Endpoint = _endpoints.Api.Root,
            Healthy = healthy,
            Loading = !healthy && (answers.Health.Status == _dialect.LoadingStatus || inventory.Models?.Any(model => model.Loading) == true),
            Version = inventory.Version,
            Models = models,
            Error = errors.Count == 0 ? null : string.Join("; ", errors.Distinct()),
            Synthetic = page is not null && ModelTracker.IsSynthetic(page),
            SampledAt = now,
        };
    }

    private bool SaysHealthy(RuntimeResponse health) =>
        _dialect.HealthyWhen is not { } says || RuntimeJson.Read(health.Body, "", root => (bool?)says(root), out _) != false;

    private PrometheusPage? Page(RuntimeResponse? metrics, List<string> errors)
    {
        if (metrics?.Error is { } error)
            errors.Add(error);
        if (metrics is not { Ok: true })
            return null;
        var options = PrometheusParseOptions.Default with { MaxPageBytes = _options.MaxPageBytes, Complete = metrics.Whole, OpenMetrics = metrics.OpenMetrics ? true : null };
        var page = PrometheusPage.Parse(metrics.Body, options);
        if (page.ErrorCount > 0)
            errors.Add($"GET {_dialect.MetricsPath}: {page.ErrorCount} lines not understood, first: line {page.Errors[0].Line}, {page.Errors[0].Message}");
        return page;
    }

    private sealed record Answers(RuntimeResponse Health, RuntimeResponse? Metrics, RuntimeResponse[] Documents);
}
