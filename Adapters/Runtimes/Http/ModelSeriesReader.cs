using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>Turns the series of one model on one page into a reading.</summary>
internal sealed class ModelSeriesReader
{
    private readonly RuntimeMetrics _names;
    private readonly PrometheusPage _page;
    private readonly MissingFields _missing = new();
    private readonly SeriesReader _series;

    public ModelSeriesReader(RuntimeDialect dialect, PrometheusPage page, string model, ModelWindows windows, long at)
    {
        (_names, _page) = (dialect.Metrics, page);
        _series = new SeriesReader(dialect.Kind, page, _names.LabelsOf(model), windows, at, _missing);
    }

    /// <param name="reading">What is known of the model apart from the page.</param>
    public ModelReading Read(ModelReading reading)
    {
        var prompt = _series.Rate(nameof(ModelReading.PromptTokensPerSecond), _names.PromptTokens, out var promptWindow);
        var generation = Generation(out var generationWindow);
        var window = generationWindow ?? promptWindow;
        if (window is null)
            _missing.Add(nameof(ModelReading.Window), "no token counter has a window");
        var (running, waiting) = Load(reading);
        reading = reading with
        {
            Running = running,
            Waiting = waiting,
            Swapped = _series.Count(nameof(ModelReading.Swapped), _names.Swapped),
            KvCacheUsage = KvCacheUsage(),
            PromptTokensPerSecond = prompt,
            GenerationTokensPerSecond = generation,
            PreemptionsPerSecond = _series.Rate(nameof(ModelReading.PreemptionsPerSecond), _names.Preemptions, out _),
            Ttft = _series.Latency(nameof(ModelReading.Ttft), _names.Ttft),
            Tpot = _series.Latency(nameof(ModelReading.Tpot), _names.Tpot),
            E2E = _series.Latency(nameof(ModelReading.E2E), _names.E2E),
            QueueTime = _series.Latency(nameof(ModelReading.QueueTime), _names.QueueTime),
            PrefixCacheHitRate = PrefixCacheHitRate(),
            Window = window,
        };
        reading = _names.Extra?.Invoke(_page, reading) ?? reading;
        return reading with { Missing = ModelMissing.Complete(reading, _missing) };
    }

    /// <summary>Some pages have the sum only, some the sum and one part.</summary>
    private (int? Running, int? Waiting) Load(ModelReading known)
    {
        const string Running = nameof(ModelReading.Running);
        const string Waiting = nameof(ModelReading.Waiting);
        if (_series.Amount(_names.InSystem) is not { } all)
            return (_series.Count(Running, _names.Running, known.Running), _series.Count(Waiting, _names.Waiting, known.Waiting));
        if (!_series.IsPresent(_names.Running))
        {
            _missing.Add(Waiting, $"counted among the running: the page has only their sum ({_names.InSystem[0]})");
            return (_series.Count(Running, _names.InSystem), null);
        }
        var running = _series.Count(Running, _names.Running);
        if (_series.IsPresent(_names.Waiting))
            return (running, _series.Count(Waiting, _names.Waiting));
        // The two gauges are not of one instant, so the difference may come out below zero.
        var waiting = running is { } count && all <= int.MaxValue ? (int?)Math.Max(0, all - count) : null;
        if (waiting is null)
            _missing.Add(Waiting, "the running requests are not known");
        return (running, waiting);
    }

    private double? Generation(out TimeSpan? window)
    {
        const string Field = nameof(ModelReading.GenerationTokensPerSecond);
        window = null;
        return !_series.IsPresent(_names.GenerationTokens) && _series.IsPresent(_names.GenerationTokensPerSecond)
            ? _series.Stated(Field, _names.GenerationTokensPerSecond)
            : _series.Rate(Field, _names.GenerationTokens, out window);
    }

    private double? KvCacheUsage()
    {
        const string Field = nameof(ModelReading.KvCacheUsage);
        return !_series.IsPresent(_names.KvCacheUsage) && _names.KvCacheBlocks is { } blocks
            ? _series.Share(Field, blocks)
            : _series.Share(Field, _names.KvCacheUsage);
    }

    private double? PrefixCacheHitRate()
    {
        const string Field = nameof(ModelReading.PrefixCacheHitRate);
        var counted = _series.IsPresent(_names.PrefixQueries) && _series.IsPresent(_names.PrefixHits);
        if (!counted && _series.IsPresent(_names.PrefixHitRate))
            return _series.Share(Field, _names.PrefixHitRate);
        // Both counters move their windows on, whichever of them is fit for use.
        var queries = _series.Rise(_names.PrefixQueries, out var queriesReason);
        var hits = _series.Rise(_names.PrefixHits, out var hitsReason);
        if (queries is { Rise: > 0 } && hits is not null)
            return Math.Clamp(hits.Value.Rise / queries.Value.Rise, 0, 1);
        _missing.Add(Field, hitsReason ?? queriesReason ?? "nothing was looked up in the window");
        return null;
    }
}
