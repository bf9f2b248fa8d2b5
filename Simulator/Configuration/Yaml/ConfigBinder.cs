using System.Collections;
using System.Globalization;

namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>Turns a tree into records by their shapes. Reports everything that is not as it must be and goes on with the default.</summary>
internal sealed class ConfigBinder(List<ConfigError> errors)
{
    /// <summary>Where each path stands.</summary>
    public Dictionary<string, (int Line, int Column)> Positions { get; } = new(StringComparer.Ordinal);

    /// <summary>Binds a section. Null, with an error, when it is no section.</summary>
    public object? Section(YamlItem item, Type type, string path, IReadOnlyList<AliasAttribute> aliases)
    {
        var shape = ConfigShape.Of(type);
        Positions.TryAdd(path, (item.Line, item.Column));
        if (ShortForm(item, shape) is { } map || (map = item as YamlMap) is not null) return Map(map, shape, path, aliases);
        if (item is YamlScalar { IsNull: true }) return shape.Keys.Any(k => k.Required) ? Fail(item, path, "is empty") : shape.Create(new Dictionary<string, object?>(), null);
        return Fail(item, path, $"must hold keys: {string.Join(", ", shape.Keys.Select(k => k.Name))}");
    }

    private static YamlMap? ShortForm(YamlItem item, ConfigShape shape) => (item, shape.ShortForm) switch
    {
        (YamlScalar { IsNull: false }, [var only]) => new([new(only, item, item.Line, item.Column)], item.Line, item.Column),
        (YamlList list, { Count: > 1 } keys) when list.Items.Count == keys.Count => new([.. keys.Zip(list.Items, (k, v) => new YamlPair(k, v, v.Line, v.Column))], item.Line, item.Column),
        _ => null,
    };

    private object? Map(YamlMap map, ConfigShape shape, string path, IReadOnlyList<AliasAttribute> aliases)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pair in map.Pairs)
        {
            var name = aliases.FirstOrDefault(a => a.Name == pair.Key)?.Key ?? pair.Key;
            var inside = path.Length == 0 ? name : $"{path}.{name}";
            var key = shape.Keys.FirstOrDefault(k => k.Name == name);
            if (key is null)
            {
                errors.Add(new(path.Length == 0 ? pair.Key : $"{path}.{pair.Key}", pair.Line, pair.Column, Unknown(pair.Key, [.. shape.Keys.Select(k => k.Name), .. aliases.Select(a => a.Name)])));
            }
            else if (!given.Add(name))
            {
                errors.Add(new(inside, pair.Line, pair.Column, $"is given twice, as '{name}' and under another name"));
            }
            else
            {
                Positions[inside] = (pair.Line, pair.Column);
                if (Value(pair.Value, key.Type, inside, key.Aliases) is { } value) values[name] = value.Content;
            }
        }

        foreach (var key in shape.Keys.Where(k => k.Required && !given.Contains(k.Name))) Fail(map, Inside(path, key.Name), "is missing");
        CheckKind(map, shape, path, values, given);
        return shape.Create(values, shape.Keys);
    }

    private void CheckKind(YamlMap map, ConfigShape shape, string path, Dictionary<string, object?> values, HashSet<string> given)
    {
        if (shape.Kind is not { } kind || (given.Contains(kind.Name) && !values.ContainsKey(kind.Name))) return;
        var chosen = values.GetValueOrDefault(kind.Name) ?? kind.Default!;
        var keys = ConfigShape.KeysOf(chosen);
        foreach (var name in given.Where(n => n != kind.Name && !keys.All.Contains(n)))
        {
            var (line, column) = Positions[Inside(path, name)];
            errors.Add(new(Inside(path, name), line, column, $"does not go with {kind.Name} {ConfigShape.NameOf(chosen.ToString()!)}, which takes {string.Join(", ", keys.All)}"));
        }

        foreach (var name in keys.Required.Where(n => !given.Contains(n))) Fail(map, Inside(path, name), $"is missing: {kind.Name} {ConfigShape.NameOf(chosen.ToString()!)} needs it");
    }

    // A value that is there but null must be told from one that could not be read.
    private (object? Content, bool _)? Value(YamlItem item, Type type, string path, IReadOnlyList<AliasAttribute> aliases)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner) return item is YamlScalar { IsNull: true } ? (null, true) : Value(item, inner, path, aliases);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) return Wrap(List(item, type.GetGenericArguments()[0], path));
        if (type == typeof(IReadOnlyDictionary<string, double>)) return Wrap(Numbers(item, path));
        if (type == typeof((double, double))) return Wrap(Pair(item, path));
        if (ConfigShape.IsSection(type)) return Wrap(Section(item, type, path, aliases));
        if (item is not YamlScalar scalar) return Wrap(Fail(item, path, $"must be {ScalarReader.Expected(type)}"));
        return ScalarReader.TryRead(scalar, type, out var content, out var problem) ? (content, true) : Wrap(Fail(item, path, problem));

        static (object?, bool)? Wrap(object? content) => content is null ? null : (content, true);
    }

    private IList? List(YamlItem item, Type type, string path)
    {
        if (item is not YamlList list) return (IList?)Fail(item, path, "must be a list: [a, b]");
        var result = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(type))!;
        for (var i = 0; i < list.Items.Count; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            Positions[at] = (list.Items[i].Line, list.Items[i].Column);
            if (Value(list.Items[i], type, at, []) is { } value) result.Add(value.Content);
        }

        return result;
    }

    private Dictionary<string, double>? Numbers(YamlItem item, string path)
    {
        if (item is not YamlMap map) return (Dictionary<string, double>?)Fail(item, path, "must hold names and numbers: { name: 1 }");
        var result = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var pair in map.Pairs)
        {
            Positions[Inside(path, pair.Key)] = (pair.Line, pair.Column);
            if (Value(pair.Value, typeof(double), Inside(path, pair.Key), []) is { Content: double number }) result[pair.Key] = number;
        }

        return result;
    }

    private object? Pair(YamlItem item, string path) =>
        item is YamlList { Items: [var first, var second] }
            ? Value(first, typeof(double), path, []) is { Content: double a } && Value(second, typeof(double), path, []) is { Content: double b } ? (a, b) : null
            : Fail(item, path, "must be two numbers: [value, probability]");

    private object? Fail(YamlItem item, string path, string message)
    {
        errors.Add(new(path, item.Line, item.Column, message));
        return null;
    }

    private static string Unknown(string key, string[] known) =>
        Suggestion.For(key, known) is { } near ? $"is not known; did you mean '{near}'?" : $"is not known; there are {string.Join(", ", known)}";

    private static string Inside(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
