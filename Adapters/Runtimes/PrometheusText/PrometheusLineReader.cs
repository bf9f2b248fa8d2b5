using System.Text;

namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>Reads one line: name, labels, value, timestamp, exemplar.</summary>
internal ref struct PrometheusLineReader(ReadOnlySpan<char> line, StringPool pool, int maxLabels, bool openMetrics)
{
    private ReadOnlySpan<char> _rest = line;

    public bool TryReadSample(out PrometheusSample? sample, out string error)
    {
        sample = null;
        var name = pool.Get(TakeName(colons: true));
        var labels = PrometheusLabels.Empty;
        if (!_rest.IsEmpty && _rest[0] is not (' ' or '\t' or '{'))
            return Fail($"'{Excerpt(_rest)}' cannot be part of a metric name", out error);
        _rest = _rest.TrimStart(" \t");
        if (Peek() == '{' && !TryReadLabels(ref name, out labels, out error))
            return false;
        if (name.Length == 0)
            return Fail("the line starts with no metric name", out error);
        if (!TryReadNumbers("value", out var value, out var timestamp, out error))
            return false;
        PrometheusExemplar? exemplar = null;
        if (Peek() == '#' && !TryReadExemplar(out exemplar, out error))
            return false;
        if (!_rest.IsEmpty)
            return Fail($"unexpected text after the value: '{Excerpt(_rest)}'", out error);
        sample = new PrometheusSample(name, labels, value, timestamp, exemplar);
        return true;
    }

    /// <summary>The name of a HELP, TYPE or UNIT line, bare or (Prometheus 3) quoted, and what follows it.</summary>
    public bool TryReadMetadataName(out string? name, out ReadOnlySpan<char> rest)
    {
        name = null;
        if (Peek() == '"')
        {
            if (TryReadQuoted(out var quoted, out _))
                name = quoted;
        }
        else
        {
            name = pool.Get(TakeName(colons: true));
        }
        var separated = _rest.IsEmpty || _rest[0] is ' ' or '\t';
        rest = _rest.Trim(" \t");
        return separated && !string.IsNullOrEmpty(name);
    }

    public static ReadOnlySpan<char> TakeWord(ref ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAny(' ', '\t');
        var word = end < 0 ? text : text[..end];
        text = end < 0 ? [] : text[end..].TrimStart(" \t");
        return word;
    }

    /// <summary>Resolves \\ and \n, and \" where the format escapes quotes; any other backslash stands for itself.</summary>
    public static string Unescape(ReadOnlySpan<char> text, bool quotes)
    {
        if (!text.Contains('\\'))
            return text.ToString();
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var next = text[i] == '\\' && i + 1 < text.Length ? text[i + 1] : '\0';
            var plain = next switch { '\\' => '\\', 'n' => '\n', '"' when quotes => '"', _ => '\0' };
            result.Append(plain == '\0' ? text[i] : plain);
            i += plain == '\0' ? 0 : 1;
        }
        return result.ToString();
    }

    private bool TryReadLabels(ref string name, out PrometheusLabels labels, out string error)
    {
        labels = PrometheusLabels.Empty;
        _rest = _rest[1..].TrimStart(" \t");
        var pairs = new List<KeyValuePair<string, string>>();
        while (Peek() != '}')
        {
            if (_rest.IsEmpty)
                return Fail("the labels are not closed", out error);
            if (!TryReadPair(ref name, pairs, out error))
                return false;
            if (pairs.Count > maxLabels)
                return Fail("too many labels", out error);
            if (Peek() == ',')
                _rest = _rest[1..].TrimStart(" \t");
            else if (Peek() != '}')
                return Fail($"expected ',' or '}}' at '{Excerpt(_rest)}'", out error);
        }
        _rest = _rest[1..].TrimStart(" \t");
        labels = PrometheusLabels.Own([.. pairs]);
        error = "";
        return true;
    }

    private bool TryReadPair(ref string name, List<KeyValuePair<string, string>> pairs, out string error)
    {
        var quoted = Peek() == '"';
        string label;
        if (!quoted)
            label = pool.Get(TakeName(colons: false));
        else if (!TryReadQuoted(out label, out error))
            return false;
        if (label.Length == 0)
            return Fail($"expected a label name at '{Excerpt(_rest)}'", out error);
        _rest = _rest.TrimStart(" \t");
        if (Peek() != '=')
        {
            // Prometheus 3 moves a metric name that is no plain identifier into the braces, quoted and first.
            if (!quoted || name.Length > 0 || pairs.Count > 0)
                return Fail($"label '{label}' has no '='", out error);
            name = label;
            error = "";
            return true;
        }
        _rest = _rest[1..].TrimStart(" \t");
        if (!TryReadQuoted(out var value, out error))
            return false;
        foreach (var pair in pairs)
        {
            if (pair.Key == label)
                return Fail($"label '{label}' appears twice", out error);
        }
        pairs.Add(new(label, value));
        _rest = _rest.TrimStart(" \t");
        return true;
    }

    private bool TryReadQuoted(out string value, out string error)
    {
        value = "";
        if (Peek() != '"')
            return Fail($"expected '\"' at '{Excerpt(_rest)}'", out error);
        for (var i = 1; i < _rest.Length; i++)
        {
            if (_rest[i] == '\\')
            {
                i++;
            }
            else if (_rest[i] == '"')
            {
                var raw = _rest[1..i];
                value = raw.Contains('\\') ? Unescape(raw, quotes: true) : pool.Get(raw);
                _rest = _rest[(i + 1)..];
                error = "";
                return true;
            }
        }
        return Fail("a quoted text is not closed", out error);
    }

    private bool TryReadNumbers(string what, out double value, out DateTimeOffset? timestamp, out string error)
    {
        timestamp = null;
        value = double.NaN;
        _rest = _rest.TrimStart(" \t");
        var word = TakeWord(ref _rest);
        if (!PrometheusNumber.TryParse(word, out value))
            return Fail(word.IsEmpty ? $"no {what}" : $"the {what} '{Excerpt(word)}' is no number", out error);
        error = "";
        if (_rest.IsEmpty || Peek() == '#')
            return true;
        word = TakeWord(ref _rest);
        timestamp = PrometheusNumber.TryParse(word, out var number) ? ToTime(number) : null;
        return timestamp is not null || Fail($"the timestamp '{Excerpt(word)}' is no time", out error);
    }

    private bool TryReadExemplar(out PrometheusExemplar? exemplar, out string error)
    {
        exemplar = null;
        _rest = _rest[1..].TrimStart(" \t");
        if (Peek() != '{')
            return Fail("an exemplar starts with its labels", out error);
        var none = "-"; // an exemplar has no name that its braces could hold
        if (!TryReadLabels(ref none, out var labels, out error) || !TryReadNumbers("exemplar's value", out var value, out var timestamp, out error))
            return false;
        exemplar = new PrometheusExemplar(labels, value, timestamp);
        return true;
    }

    /// <summary>OpenMetrics counts seconds, the older format milliseconds.</summary>
    private readonly DateTimeOffset? ToTime(double number)
    {
        var milliseconds = openMetrics ? number * 1000 : number;
        // Beyond the calendar (and NaN) there is no such time.
        return milliseconds is > -62_135_596_800_000 and < 253_402_300_800_000
            ? DateTimeOffset.UnixEpoch.AddTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond))
            : null;
    }

    private ReadOnlySpan<char> TakeName(bool colons)
    {
        var end = 0;
        while (end < _rest.Length && IsNameCharacter(_rest[end], colons, first: end == 0))
            end++;
        var name = _rest[..end];
        _rest = _rest[end..];
        return name;
    }

    private static bool IsNameCharacter(char c, bool colons, bool first) =>
        char.IsAsciiLetter(c) || c == '_' || (colons && c == ':') || (!first && char.IsAsciiDigit(c));

    private readonly char Peek() => _rest.IsEmpty ? '\0' : _rest[0];

    private static bool Fail(string message, out string error)
    {
        error = message;
        return false;
    }

    private static string Excerpt(ReadOnlySpan<char> text) => text.Length <= 32 ? text.ToString() : $"{text[..32]}…";
}
