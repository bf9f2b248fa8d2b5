using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Agent.Config;

/// <summary>One group of keys of the file. Reads values, notes every error with its place and goes on with the default.</summary>
internal sealed class ConfigSection
{
    private readonly YamlMappingNode _node;
    private readonly string _path;
    private readonly ConfigErrors _errors;

    private readonly bool _usable;

    private ConfigSection(YamlMappingNode node, string path, ConfigErrors errors, bool usable) => (_node, _path, _errors, _usable) = (node, path, errors, usable);

    /// <summary>Opens a group; anything but a group is an error and reads like an empty one.</summary>
    /// <param name="node">Node of the file; null when the group is absent.</param>
    /// <param name="path">Path of the group; "" for the whole file.</param>
    /// <param name="errors">Where errors go.</param>
    /// <param name="known">Keys that exist; none means any.</param>
    public static ConfigSection Open(YamlNode? node, string path, ConfigErrors errors, params string[] known)
    {
        var usable = node is null or YamlMappingNode || IsNothing(node);
        if (!usable)
            errors.Add(node!, path, $"must be a group of keys{(known.Length > 0 ? ": " + string.Join(", ", known) : "")}");
        var mapping = node as YamlMappingNode ?? [];
        var section = new ConfigSection(mapping, path, errors, usable);
        foreach (var key in mapping.Children.Keys)
        {
            if (key is not YamlScalarNode { Value: { } name })
                errors.Add(key, path, "a key must be a plain word");
            else if (known.Length > 0 && !known.Contains(name))
                errors.Add(key, section.Path(name), $"unknown key; known keys: {string.Join(", ", known)}");
        }

        return section;
    }

    public bool Has(string key) => Node(key) is not null;

    public string Path(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    public YamlNode? Node(string key) => _node.Children.TryGetValue(new YamlScalarNode(key), out var node) && !IsNothing(node) ? node : null;

    /// <summary>Every key with its value as text.</summary>
    public IEnumerable<(string Key, string Value)> Texts()
    {
        foreach (var (key, value) in _node.Children)
        {
            if (key is YamlScalarNode { Value: { } name })
                yield return (name, value is YamlScalarNode scalar ? scalar.Value ?? "" : Refuse(value, name, "must be a single value", ""));
        }
    }

    public string? Text(string key) => Node(key) switch
    {
        null => null,
        YamlScalarNode scalar => scalar.Value,
        { } other => Refuse<string?>(other, key, "must be a single value", null),
    };

    public string Required(string key, string example)
    {
        if (Has(key))
            return Text(key) ?? "";
        // Of something that is no group at all, every key is missing: that has been said.
        if (_usable)
            _errors.Add(_node, Path(key), $"must be set, such as {key}: {example}");
        return "";
    }

    public IReadOnlyList<YamlNode> Items(string key) => Node(key) switch
    {
        null => [],
        YamlSequenceNode sequence => [.. sequence.Children],
        { } other => Refuse<IReadOnlyList<YamlNode>>(other, key, "must be a list: one item per line, each after '- '", []),
    };

    public TimeSpan Duration(string key, TimeSpan otherwise, TimeSpan least, TimeSpan most)
    {
        if (Text(key) is not { } text)
            return otherwise;
        return DurationText.TryParse(text, out var value) && value >= least && value <= most
            ? value
            : Refuse(Node(key)!, key, $"'{text}' must be a duration from {DurationText.Format(least)} to {DurationText.Format(most)}, written like 500ms, 1s or 2m", otherwise);
    }

    public int Whole(string key, int otherwise, int least, int most)
    {
        if (Text(key) is not { } text)
            return otherwise;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : Refuse(Node(key)!, key, $"'{text}' must be a whole number from {least} to {most}", otherwise);
    }

    /// <summary>A number above zero, or from zero; null when absent.</summary>
    public double? Number(string key, bool zeroAllowed)
    {
        if (Text(key) is not { } text)
            return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) && (value > 0 || (zeroAllowed && value == 0))
            ? value
            : Refuse<double?>(Node(key)!, key, $"'{text}' must be a number {(zeroAllowed ? "that is not negative" : "above 0")}", null);
    }

    /// <summary>True or false; false when absent.</summary>
    public bool Flag(string key) => Text(key) switch
    {
        null or "false" => false,
        "true" => true,
        var text => Refuse(Node(key)!, key, $"'{text}' must be true or false", false),
    };

    public void Error(string key, string message) => _errors.Add(Node(key) ?? _node, Path(key), message);

    private T Refuse<T>(YamlNode node, string key, string message, T otherwise)
    {
        _errors.Add(node, Path(key), message);
        return otherwise;
    }

    private static bool IsNothing(YamlNode node) => node is YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: null or "" or "~" or "null" };
}
