using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>Joins the model list with the metrics page and keeps the windows of each model. Not thread-safe.</summary>
internal sealed class ModelTracker(RuntimeDialect dialect, TimeProvider time)
{
    private const string ProcessStart = "process_start_time_seconds";
    private const string SyntheticMarker = "infermesh_synthetic";

    private readonly RuntimeMetrics _names = dialect.Metrics;
    private Dictionary<string, ModelWindows> _windows = new(StringComparer.Ordinal);
    private double _processStart = double.NaN;

    /// <param name="entries">The model list; null when it is not known.</param>
    /// <param name="page">The metrics page, or the part that arrived; null when nothing did.</param>
    /// <param name="metricsError">Why there is no page.</param>
    /// <param name="now">Time of the reading.</param>
    public IReadOnlyList<ModelReading> Read(IReadOnlyList<ModelEntry>? entries, PrometheusPage? page, string? metricsError, DateTimeOffset now)
    {
        if (page is not null)
            ForgetOnRestart(page);
        var onPage = page is null ? [] : ModelsOnPage(page, entries);
        var listed = (entries ?? [.. onPage.Select(model => new ModelEntry(model))])
            .DistinctBy(entry => entry.Id)
            .OrderBy(entry => entry.Id, StringComparer.Ordinal);
        var at = time.GetTimestamp();
        var readings = new List<ModelReading>();
        var windows = new Dictionary<string, ModelWindows>(StringComparer.Ordinal);
        foreach (var entry in listed)
        {
            var blank = Blank(entry, now);
            if (onPage.Contains(entry.Id))
            {
                var model = windows[entry.Id] = _windows.GetValueOrDefault(entry.Id) ?? new ModelWindows(time);
                readings.Add(new ModelSeriesReader(dialect, page!, entry.Id, model, at).Read(blank));
            }
            else
            {
                readings.Add(blank with { Missing = ModelMissing.Complete(blank, new MissingFields(), WhyNotOnPage(entry, page, metricsError)) });
            }
        }
        if (page is { Truncated: false })
            _windows = windows; // models that are gone for certain take their windows with them
        else
            Keep(windows);
        return readings;
    }

    public static bool IsSynthetic(PrometheusPage page) =>
        page.TryGetValue(SyntheticMarker, PrometheusLabels.Of("synthetic", "true"), out var value) && value == 1;

    private ModelReading Blank(ModelEntry entry, DateTimeOffset now) => new()
    {
        Model = entry.Id,
        Revision = entry.Revision,
        Runtime = dialect.Kind,
        BaseModel = entry.Parent,
        Running = entry.Running,
        Waiting = entry.Waiting,
        MaxModelLen = entry.MaxModelLen,
        MaxInputTokens = entry.MaxInputTokens,
        MaxLora = entry.MaxLora,
        SupportsLora = entry.SupportsLora,
        Tokenizer = entry.Tokenizer,
        Quantization = entry.Quantization,
        Loaded = entry.Loaded,
        SampledAt = now,
    };

    private string WhyNotOnPage(ModelEntry entry, PrometheusPage? page, string? metricsError) =>
        page is null ? metricsError ?? "no metrics page"
        : entry.Parent is not null ? $"an adapter's load is counted at its base model, {entry.Parent}"
        : page.Truncated ? "not on the part of the page that arrived"
        : _names.ModelLabel is null ? "the page does not say which of the models it is about"
        : $"no {_names.Prefix} series carries this model's name";

    private SortedSet<string> ModelsOnPage(PrometheusPage page, IReadOnlyList<ModelEntry>? entries)
    {
        var models = new SortedSet<string>(StringComparer.Ordinal);
        if (_names.ModelLabel is not { } label)
        {
            // Such a page is about the process, so it is about the model when there is one.
            if (entries?.Where(entry => entry.Parent is null).DistinctBy(entry => entry.Id).ToArray() is [var only])
                models.Add(only.Id);
            return models;
        }
        foreach (var family in page.Families.Where(family => family.Name.StartsWith(_names.Prefix, StringComparison.Ordinal)))
        {
            foreach (var sample in family.Samples)
            {
                if (sample.Labels[label] is { Length: > 0 } model)
                    models.Add(model);
            }
        }
        return models;
    }

    /// <summary>A new process can outrun the counters of the old one between two reads; its start time gives it away.</summary>
    private void ForgetOnRestart(PrometheusPage page)
    {
        if (!page.TryGetValue(ProcessStart, null, out var start))
            return;
        const double ClockJitterSeconds = 1;
        if (Math.Abs(start - _processStart) > ClockJitterSeconds)
            _windows.Clear();
        _processStart = start;
    }

    private void Keep(Dictionary<string, ModelWindows> windows)
    {
        foreach (var (model, kept) in windows)
            _windows[model] = kept;
    }
}
