using InferMesh.Adapters.Runtimes.PrometheusText;
using Names = InferMesh.Adapters.Runtimes.Vllm.VllmMetricNames;

namespace InferMesh.Adapters.Runtimes.Vllm;

/// <summary>Joins the model list with the metrics page and keeps the windows of each model. Not thread-safe.</summary>
internal sealed class VllmModels(TimeProvider time)
{
    private Dictionary<string, VllmWindows> _windows = new(StringComparer.Ordinal);
    private double _processStart = double.NaN;

    /// <param name="entries">The model list; null when it is not known.</param>
    /// <param name="page">The metrics page, or the part that arrived; null when nothing did.</param>
    /// <param name="metricsError">Why there is no page.</param>
    /// <param name="now">Time of the reading.</param>
    public IReadOnlyList<ModelReading> Read(IReadOnlyList<VllmModelEntry>? entries, PrometheusPage? page, string? metricsError, DateTimeOffset now)
    {
        if (page is not null)
            ForgetOnRestart(page);
        var onPage = page is null ? [] : ModelsOnPage(page);
        var listed = (entries ?? [.. onPage.Select(model => new VllmModelEntry(model, null, null))])
            .DistinctBy(entry => entry.Id)
            .OrderBy(entry => entry.Id, StringComparer.Ordinal);
        var at = time.GetTimestamp();
        var readings = new List<ModelReading>();
        var windows = new Dictionary<string, VllmWindows>(StringComparer.Ordinal);
        foreach (var entry in listed)
        {
            var blank = Blank(entry, now);
            if (onPage.Contains(entry.Id))
            {
                var model = windows[entry.Id] = _windows.GetValueOrDefault(entry.Id) ?? new VllmWindows(time);
                readings.Add(new VllmModelReader(page!, entry.Id, model, at).Read(blank));
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
        page.TryGetValue(Names.SyntheticMarker, PrometheusLabels.Of("synthetic", "true"), out var value) && value == 1;

    private static ModelReading Blank(VllmModelEntry entry, DateTimeOffset now) => new()
    {
        Model = entry.Id,
        Runtime = VllmProbe.RuntimeName,
        BaseModel = entry.Parent,
        MaxModelLen = entry.MaxModelLen,
        Loaded = true,
        SampledAt = now,
    };

    private static string WhyNotOnPage(VllmModelEntry entry, PrometheusPage? page, string? metricsError) =>
        page is null ? metricsError ?? "no metrics page"
        : entry.Parent is not null ? $"an adapter's load is counted at its base model, {entry.Parent}"
        : page.Truncated ? "not on the part of the page that arrived"
        : "no vllm: series carries this model's name";

    private static SortedSet<string> ModelsOnPage(PrometheusPage page)
    {
        var models = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var family in page.Families.Where(family => family.Name.StartsWith(Names.Prefix, StringComparison.Ordinal)))
        {
            foreach (var sample in family.Samples)
            {
                if (sample.Labels[Names.ModelLabel] is { Length: > 0 } model)
                    models.Add(model);
            }
        }
        return models;
    }

    /// <summary>A new process can outrun the counters of the old one between two reads; its start time gives it away.</summary>
    private void ForgetOnRestart(PrometheusPage page)
    {
        if (!page.TryGetValue(Names.ProcessStart, null, out var start))
            return;
        const double ClockJitterSeconds = 1;
        if (Math.Abs(start - _processStart) > ClockJitterSeconds)
            _windows.Clear();
        _processStart = start;
    }

    private void Keep(Dictionary<string, VllmWindows> windows)
    {
        foreach (var (model, kept) in windows)
            _windows[model] = kept;
    }
}
