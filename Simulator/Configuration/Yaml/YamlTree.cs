using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>
/// Reads YAML into a tree with positions. Our own, over the library's parser: its tree stops at the first key that stands twice, and knows no
/// merge keys. Anchors and <c>&lt;&lt;</c> are resolved here.
/// </summary>
internal sealed class YamlTree
{
    private const int DepthLimit = 64;

    private readonly Dictionary<string, YamlItem> _anchors = [];
    private readonly IParser _parser;
    private readonly List<ConfigError> _errors;
    private int _depth;

    private YamlTree(IParser parser, List<ConfigError> errors) => (_parser, _errors) = (parser, errors);

    /// <summary>The one document of the text; null, with an error, when there is none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="errors">Where errors go.</param>
    /// <param name="example">Command that writes one to start from.</param>
    public static YamlItem? Read(string text, List<ConfigError> errors, string example = "infermesh sim generate")
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                errors.Add(new("", 1, 1, $"the file is empty; {example} writes one to start from"));
                return null;
            }

            var root = new YamlTree(parser, errors).Item();
            parser.Consume<DocumentEnd>();
            if (parser.TryConsume<DocumentStart>(out var second))
                errors.Add(new("", (int)second.Start.Line, (int)second.Start.Column, "a second document begins here; keep one"));
            return root;
        }
        catch (YamlException exception)
        {
            errors.Add(new("", (int)exception.Start.Line, (int)exception.Start.Column, $"not readable as YAML: {exception.Message.ReplaceLineEndings(" ")}"));
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // What the library throws, instead of its own exception, on some malformed texts.
            var at = parser.Current?.End ?? new Mark(0, 1, 1);
            errors.Add(new("", (int)at.Line, (int)at.Column, "not readable as YAML from here on"));
            return null;
        }
    }

    private YamlItem Item()
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias))
            return _anchors.TryGetValue(alias.Value.Value, out var known) ? known : throw new YamlException(alias.Start, alias.End, $"'*{alias.Value.Value}' names no anchor before it");
        if (_parser.TryConsume<Scalar>(out var scalar))
            return Remember(scalar, new YamlScalar(scalar.Value, scalar.Style is not ScalarStyle.Plain, (int)scalar.Start.Line, (int)scalar.Start.Column));
        if (++_depth > DepthLimit) throw new YamlException(_parser.Current!.Start, _parser.Current.End, $"nested more than {DepthLimit} deep");
        var item = _parser.TryConsume<SequenceStart>(out var sequence) ? Remember(sequence, List(sequence)) : Map();
        _depth--;
        return item;
    }

    private YamlList List(SequenceStart start)
    {
        var items = new List<YamlItem>();
        while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(Item());
        return new(items, (int)start.Start.Line, (int)start.Start.Column);
    }

    private YamlItem Map()
    {
        var start = _parser.Consume<MappingStart>();
        var pairs = new List<YamlPair>();
        var merged = new List<YamlMap>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var mark = _parser.Current!.Start;
            var key = Item() is YamlScalar { Text: var text } ? text : throw new YamlException(mark, mark, "a key must be a word");
            var value = Item();
            if (key == "<<") merged.AddRange(Maps(value, mark));
            else if (pairs.Exists(p => p.Key == key)) _errors.Add(new(key, (int)mark.Line, (int)mark.Column, $"'{key}' stands here a second time"));
            else pairs.Add(YamlPair.At(mark, key, value));
        }

        foreach (var pair in merged.SelectMany(m => m.Pairs).Where(pair => !pairs.Exists(p => p.Key == pair.Key))) pairs.Add(pair);
        return Remember(start, new YamlMap(pairs, (int)start.Start.Line, (int)start.Start.Column));
    }

    private static IEnumerable<YamlMap> Maps(YamlItem value, Mark mark) => value switch
    {
        YamlMap map => [map],
        YamlList list when list.Items.TrueForAll(i => i is YamlMap) => list.Items.Cast<YamlMap>(),
        _ => throw new YamlException(mark, mark, "'<<' takes a mapping or a list of mappings"),
    };

    private YamlItem Remember(NodeEvent node, YamlItem item)
    {
        if (!node.Anchor.IsEmpty) _anchors[node.Anchor.Value] = item;
        return item;
    }
}
