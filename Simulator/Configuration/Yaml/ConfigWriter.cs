using System.Collections;
using System.Globalization;
using System.Text;

namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>Writes a configuration as YAML: every key that counts, in the order of the records; short sections on one line.</summary>
internal sealed class ConfigWriter
{
    private const int LineWidth = 110;

    private readonly StringBuilder _text = new();

    /// <param name="config">The whole of a configuration.</param>
    public static string Write(object config)
    {
        var writer = new ConfigWriter();
        writer.Section(config, 0);
        return writer._text.ToString();
    }

    private void Section(object section, int depth)
    {
        foreach (var (key, value) in Entries(section))
        {
            _text.Append(' ', depth * 2).Append(key).Append(':');
            Value(value, depth, key.Length + 2);
        }
    }

    private void Value(object value, int depth, int used)
    {
        var flow = Flow(value);
        if (IsShallow(value) && depth * 2 + used + flow.Length <= LineWidth)
        {
            _text.Append(' ').Append(flow).Append('\n');
            return;
        }

        _text.Append('\n');
        if (value is IEnumerable list and not IDictionary)
        {
            foreach (var item in list) Item(item, depth + 1);
        }
        else
        {
            Section(value, depth + 1);
        }
    }

    private void Item(object item, int depth)
    {
        _text.Append(' ', depth * 2).Append("- ");
        if (IsShallow(item) && depth * 2 + 2 + Flow(item).Length <= LineWidth)
        {
            _text.Append(Flow(item)).Append('\n');
            return;
        }

        // The first key stands beside the dash.
        var start = _text.Length;
        Section(item, depth + 1);
        _text.Remove(start, (depth + 1) * 2);
    }

    private static IEnumerable<(string Key, object Value)> Entries(object section) => section is IReadOnlyDictionary<string, double> numbers
        ? numbers.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => (n.Key, (object)n.Value))
        : ConfigShape.Of(section.GetType()).KeysFor(section)
            .Select(k => (k.Name, Value: k.Property.GetValue(section)))
            .Where(e => e.Value is not null and not ICollection { Count: 0 })
            .Select(e => (e.Name, e.Value!));

    // Sections of values only, and lists of such: what reads well on one line.
    private static bool IsShallow(object value) => value switch
    {
        StrategyConfig strategy when IsName(strategy) => true,
        string or ValueType when !ConfigShape.IsSection(value.GetType()) => true,
        DistConfig => true,
        IEnumerable list when value is not IDictionary => list.Cast<object>().All(i => IsScalar(i) || (i is StrategyConfig strategy && IsName(strategy))),
        _ => Entries(value).All(e => IsScalar(e.Value) || e.Value is RangeMs or IReadOnlyList<double> or SkewConfig),
    };

    private static bool IsName(StrategyConfig strategy) => strategy is { Parameters: null or { Count: 0 }, Fallback: null };

    private static bool IsScalar(object value) => value is string or ValueType && !ConfigShape.IsSection(value.GetType());

    private static string Flow(object value) => value switch
    {
        StrategyConfig strategy when IsName(strategy) => Text(strategy.Name),
        RangeMs range => $"[{Number(range.Min)}, {Number(range.Max)}]",
        ValueTuple<double, double> pair => $"[{Number(pair.Item1)}, {Number(pair.Item2)}]",
        string text => Text(text),
        bool flag => flag ? "true" : "false",
        double number => Number(number),
        Enum member => ConfigShape.NameOf(member.ToString()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable list when value is not IDictionary => $"[{string.Join(", ", list.Cast<object>().Select(Flow))}]",
        _ => $"{{ {string.Join(", ", Entries(value).Select(e => $"{e.Key}: {Flow(e.Value)}"))} }}",
    };

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(string text)
    {
        var plain = text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/')
            && text.ToUpperInvariant() is not ("TRUE" or "FALSE" or "NULL" or "YES" or "NO" or "ON" or "OFF");
        if (plain) return text;
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (char.IsControl(c)) quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }
}
