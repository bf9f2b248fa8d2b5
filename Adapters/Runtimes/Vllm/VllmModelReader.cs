using System.Globalization;
using InferMesh.Adapters.Runtimes.PrometheusText;
using Names = InferMesh.Adapters.Runtimes.Vllm.VllmMetricNames;

namespace InferMesh.Adapters.Runtimes.Vllm;

/// <summary>Turns the series of one model on one page into a reading.</summary>
internal sealed class VllmModelReader
{
    private readonly PrometheusPage _page;
    private readonly PrometheusLabels _model;
    private readonly VllmWindows _windows;
    private readonly long _at;
    private readonly MissingFields _missing = new();

    public VllmModelReader(PrometheusPage page, string model, VllmWindows windows, long at)
    {
        (_page, _windows, _at) = (page, windows, at);
        _model = PrometheusLabels.Of(Names.ModelLabel, model);
    }

    public ModelReading Read(ModelReading reading)
    {
        var prompt = Rate(nameof(ModelReading.PromptTokensPerSecond), Names.PromptTokens, out var promptWindow);
        var generation = Rate(nameof(ModelReading.GenerationTokensPerSecond), Names.GenerationTokens, out var generationWindow);
        var window = generationWindow ?? promptWindow;
        if (window is null)
            _missing.Add(nameof(ModelReading.Window), "no token counter has a window");
        reading = ReadLora(reading) with
        {
            Running = Count(nameof(ModelReading.Running), Names.Running),
            Waiting = Count(nameof(ModelReading.Waiting), Names.Waiting),
            Swapped = Count(nameof(ModelReading.Swapped), Names.Swapped),
            KvCacheUsage = Share(nameof(ModelReading.KvCacheUsage), Names.KvCacheUsage),
            PromptTokensPerSecond = prompt,
            GenerationTokensPerSecond = generation,
            PreemptionsPerSecond = Rate(nameof(ModelReading.PreemptionsPerSecond), Names.Preemptions, out _),
            Ttft = Latency(nameof(ModelReading.Ttft), Names.Ttft),
            Tpot = Latency(nameof(ModelReading.Tpot), Names.Tpot),
            E2E = Latency(nameof(ModelReading.E2E), Names.E2E),
            QueueTime = Latency(nameof(ModelReading.QueueTime), Names.QueueTime),
            PrefixCacheHitRate = PrefixCacheHitRate(),
            Loaded = !Asleep(),
            Window = window,
        };
        return reading with { Missing = ModelMissing.Complete(reading, _missing) };
    }

    /// <summary>A server with data parallelism has one series per engine; requests add up over them.</summary>
    private int? Count(string field, string metric)
    {
        var (sum, found) = (0.0, false);
        foreach (var sample in _page.Samples(metric, _model))
            (sum, found) = (sum + sample.Value, true);
        if (!found)
            _missing.Add(field, Absent([metric]));
        else if (sum is not (>= 0 and <= int.MaxValue))
            _missing.Add(field, Odd(metric, sum));
        else
            return (int)Math.Round(sum);
        return null;
    }

    /// <summary>Engines have caches of one size, so the mean of their shares is the share of the whole.</summary>
    private double? Share(string field, string[] metrics)
    {
        if (FirstPresent(metrics) is not { } metric)
        {
            _missing.Add(field, Absent(metrics));
            return null;
        }
        var share = _page.Samples(metric, _model).Average(sample => sample.Value);
        const double Rounding = 1e-6;
        if (share is >= 0 and <= 1 + Rounding)
            return Math.Min(share, 1);
        _missing.Add(field, Odd(metric, share));
        return null;
    }

    private double? Rate(string field, string[] metrics, out TimeSpan? window)
    {
        window = null;
        if (Rise(metrics, out var reason) is not { } rise)
        {
            _missing.Add(field, reason!);
            return null;
        }
        window = rise.Window;
        return rise.Rise / rise.Window.TotalSeconds;
    }

    private (double Rise, TimeSpan Window)? Rise(string[] metrics, out string? reason)
    {
        if (FirstPresent(metrics) is not { } metric)
        {
            reason = Absent(metrics);
            return null;
        }
        var value = _page.Samples(metric, _model).Sum(sample => sample.Value);
        if (double.IsFinite(value))
            return _windows.Rise(metric, value, _at, out reason);
        reason = Odd(metric, value);
        return null;
    }

    private LatencyWindow? Latency(string field, string[] metrics)
    {
        foreach (var metric in metrics)
        {
            if (_page.Histogram(metric, _model) is { } histogram)
            {
                var window = _windows.Since(metric, histogram, out var reason);
                var latency = window is null ? null : LatencyWindow.From(window);
                if (latency is null)
                    _missing.Add(field, reason ?? "nothing was observed in the window");
                return latency;
            }
        }
        _missing.Add(field, Absent(metrics));
        return null;
    }

    private double? PrefixCacheHitRate()
    {
        const string Field = nameof(ModelReading.PrefixCacheHitRate);
        if (FirstPresent(Names.PrefixQueries) is null && FirstPresent([Names.PrefixHitRateGauge]) is not null)
            return Share(Field, [Names.PrefixHitRateGauge]);
        // Both counters move their windows on, whichever of them is fit for use.
        var queries = Rise(Names.PrefixQueries, out var queriesReason);
        var hits = Rise(Names.PrefixHits, out var hitsReason);
        if (queries is { Rise: > 0 } && hits is not null)
            return Math.Clamp(hits.Value.Rise / queries.Value.Rise, 0, 1);
        _missing.Add(Field, queriesReason ?? hitsReason ?? "nothing was looked up in the window");
        return null;
    }

    private ModelReading ReadLora(ModelReading reading)
    {
        // Python's client keeps a series per label set for ever; the value is the time of the last update. v0 puts no model name on it.
        var latest = _page.Samples(Names.LoraInfo)
            .Where(sample => sample.Labels[Names.ModelLabel] is not { } model || model == _model[0].Value)
            .MaxBy(sample => sample.Value);
        if (latest is null)
            return reading;
        return reading with
        {
            RunningLoraAdapters = Adapters(latest.Labels[Names.LoraRunningLabel]),
            WaitingLoraAdapters = Adapters(latest.Labels[Names.LoraWaitingLabel]),
            MaxLora = int.TryParse(latest.Labels[Names.LoraMaxLabel], NumberStyles.None, CultureInfo.InvariantCulture, out var max) ? max : null,
        };
    }

    private static string[]? Adapters(string? list) =>
        list?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>A sleeping engine has moved its weights off the GPU or dropped them.</summary>
    private bool Asleep() => _page.Samples(Names.SleepState, _model)
        .Any(sample => sample.Value > 0 && sample.Labels["sleep_state"] is { } state && state != "awake");

    private string? FirstPresent(string[] metrics) => Array.Find(metrics, metric => _page.Samples(metric, _model).Any());

    private string Absent(string[] metrics) => _page.Truncated
        ? $"not on the part of the page that arrived ({metrics[0]})"
        : $"not on the page ({string.Join(", ", metrics)})";

    private static string Odd(string metric, double value) => string.Create(CultureInfo.InvariantCulture, $"{metric} is {value}");
}
