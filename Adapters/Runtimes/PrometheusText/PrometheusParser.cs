using System.Globalization;

namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>Walks a page line by line and files samples under their families. Used once.</summary>
internal sealed class PrometheusParser
{
    private readonly string _text;
    private readonly PrometheusParseOptions _options;
    private readonly bool _openMetrics;
    private readonly StringPool _pool = new();
    private readonly List<PrometheusFamily> _families = [];
    private readonly Dictionary<string, PrometheusFamily> _byName = new(StringComparer.Ordinal);
    private readonly List<PrometheusParseError> _errors = [];
    private int _errorCount;
    private int _samples;
    private bool _truncated;
    private PrometheusFamily? _lastFamily;
    private bool _full;
    private int _eofLine;

    public PrometheusParser(string text, bool cut, PrometheusParseOptions options)
    {
        _text = text;
        _options = options;
        _truncated = cut || !options.Complete;
        _openMetrics = options.OpenMetrics ?? IsEof(LastLine(text));
    }

    public PrometheusPage Parse()
    {
        if (_text.Length >= 1 && _truncated && _options.Complete)
            Error(0, string.Create(CultureInfo.InvariantCulture, $"the page is larger than {_options.MaxPageBytes} bytes and was cut"));
        var (position, line) = (0, 0);
        while (position < _text.Length && !_full)
        {
            line++;
            var end = _text.IndexOf('\n', position);
            var whole = end >= 0;
            var content = whole ? _text.AsSpan(position, end - position) : _text.AsSpan(position);
            position = whole ? end + 1 : _text.Length;
            if (!whole && _truncated)
                Error(line, "the page was cut inside this line");
            else
                ParseLine(content.TrimEnd('\r').Trim(" \t"), line);
        }
        if (_truncated && _lastFamily is not null)
            Drop(_lastFamily);
        return new PrometheusPage(_families, _byName)
        {
            Errors = _errors,
            ErrorCount = _errorCount,
            IsOpenMetrics = _openMetrics,
            Truncated = _truncated,
        };
    }

    private void ParseLine(ReadOnlySpan<char> content, int line)
    {
        if (content.IsEmpty)
            return;
        if (_eofLine > 0)
        {
            // Merging proxies do this. The lines are as good as any, but they deserve a remark.
            Error(line, "text after # EOF");
            _eofLine = 0;
        }
        if (content.Length > _options.MaxLineLength)
            Error(line, string.Create(CultureInfo.InvariantCulture, $"the line is longer than {_options.MaxLineLength} characters"));
        else if (content[0] == '#')
            ParseComment(content, line);
        else
            ParseSample(content, line);
    }

    private void ParseSample(ReadOnlySpan<char> content, int line)
    {
        if (_samples >= _options.MaxSamples)
        {
            Error(line, string.Create(CultureInfo.InvariantCulture, $"the page has more than {_options.MaxSamples} samples; the rest was left out"));
            (_truncated, _full) = (true, true);
            return;
        }
        var reader = new PrometheusLineReader(content, _pool, _options.MaxLabels, _openMetrics);
        if (reader.TryReadSample(out var sample, out var error))
        {
            _samples++;
            _lastFamily = FamilyOfSample(sample!.Name);
            _lastFamily.Add(sample);
        }
        else
        {
            Error(line, error);
        }
    }

    private void ParseComment(ReadOnlySpan<char> content, int line)
    {
        if (IsEof(content))
        {
            _eofLine = line;
            return;
        }
        var rest = content[1..].TrimStart(" \t");
        var keyword = PrometheusLineReader.TakeWord(ref rest);
        if (keyword is not ("HELP" or "TYPE" or "UNIT"))
            return; // an ordinary comment
        var reader = new PrometheusLineReader(rest, _pool, _options.MaxLabels, _openMetrics);
        if (!reader.TryReadMetadataName(out var name, out rest))
        {
            Error(line, $"{keyword} without a metric name");
            return;
        }
        var family = Family(name!);
        if (keyword is "HELP")
            family.Help ??= PrometheusLineReader.Unescape(rest, quotes: _openMetrics);
        else if (keyword is "UNIT")
            family.Unit ??= rest.ToString();
        else
            Declare(family, rest, line);
    }

    private void Declare(PrometheusFamily family, ReadOnlySpan<char> word, int line)
    {
        PrometheusMetricType? type = word switch
        {
            "counter" => PrometheusMetricType.Counter,
            "gauge" => PrometheusMetricType.Gauge,
            "histogram" => PrometheusMetricType.Histogram,
            "gaugehistogram" => PrometheusMetricType.GaugeHistogram,
            "summary" => PrometheusMetricType.Summary,
            "info" => PrometheusMetricType.Info,
            "stateset" => PrometheusMetricType.StateSet,
            "untyped" or "unknown" => PrometheusMetricType.Unknown,
            _ => null,
        };
        if (type is null)
            Error(line, $"unknown type '{word}' of {family.Name}");
        else if (family.TypeDeclared && family.Type != type)
            Error(line, $"{family.Name} is declared a second time, with another type"); // a mere repetition does no harm
        else
            (family.Type, family.TypeDeclared) = (type.Value, true);
    }

    /// <summary>A declared family of the very name wins; else the one whose type brings the name's suffix; else a family of its own.</summary>
    private PrometheusFamily FamilyOfSample(string name)
    {
        if (_byName.TryGetValue(name, out var exact))
            return exact;
        var cut = name.LastIndexOf('_');
        if (cut > 0 && _byName.TryGetValue(_pool.Get(name.AsSpan(0, cut)), out var family) && Brings(family.Type, name.AsSpan(cut)))
            return family;
        return Family(name);
    }

    private static bool Brings(PrometheusMetricType type, ReadOnlySpan<char> suffix) => suffix switch
    {
        "_bucket" => type is PrometheusMetricType.Histogram or PrometheusMetricType.GaugeHistogram,
        "_sum" or "_count" => type is PrometheusMetricType.Histogram or PrometheusMetricType.Summary,
        "_gsum" or "_gcount" => type is PrometheusMetricType.GaugeHistogram,
        "_total" => type is PrometheusMetricType.Counter,
        "_created" => type is PrometheusMetricType.Counter or PrometheusMetricType.Histogram or PrometheusMetricType.Summary,
        "_info" => type is PrometheusMetricType.Info,
        _ => false,
    };

    private PrometheusFamily Family(string name)
    {
        if (!_byName.TryGetValue(name, out var family))
        {
            _byName.Add(name, family = new PrometheusFamily(name));
            _families.Add(family);
        }
        return family;
    }

    /// <summary>Half the series of a family would look like all of them, and their sum like a counter that fell.</summary>
    private void Drop(PrometheusFamily family)
    {
        _families.Remove(family);
        _byName.Remove(family.Name);
    }

    private void Error(int line, string message)
    {
        _errorCount++;
        if (_errors.Count < _options.MaxErrors)
            _errors.Add(new PrometheusParseError(line, message));
    }

    private static bool IsEof(ReadOnlySpan<char> line) => line.SequenceEqual("# EOF");

    private static ReadOnlySpan<char> LastLine(string text)
    {
        var trimmed = text.AsSpan().TrimEnd();
        return trimmed[(trimmed.LastIndexOf('\n') + 1)..];
    }
}
