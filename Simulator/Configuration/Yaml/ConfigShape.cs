using System.Reflection;
using System.Text.Json;
using InferMesh.Simulator.Configuration.Training;

namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>One key of a section.</summary>
internal sealed record ConfigKey(string Name, PropertyInfo Property, bool Required, object? Default)
{
    public InAttribute? Range { get; } = Property.GetCustomAttribute<InAttribute>();

    public IReadOnlyList<AliasAttribute> Aliases { get; } = [.. Property.GetCustomAttributes<AliasAttribute>()];

    public Type Type => Property.PropertyType;
}

/// <summary>The keys of a section, from its record: what the reader, the writer, the validator and the schema go by.</summary>
internal sealed class ConfigShape
{
    private readonly ConstructorInfo _constructor;
    private readonly ParameterInfo[] _parameters;

    private ConfigShape(Type type)
    {
        Type = type;
        _constructor = type.GetConstructors().Where(c => c.GetParameters() is not [var only] || only.ParameterType != type).MaxBy(c => c.GetParameters().Length)!;
        _parameters = _constructor.GetParameters();
        var defaults = Array.TrueForAll(_parameters, p => p.HasDefaultValue) ? Create(new Dictionary<string, object?>(), null) : null;
        Keys = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && p.GetCustomAttribute<NotAKeyAttribute>() is null).Select(Key)];
        ShortForm = type.GetCustomAttribute<ShortFormAttribute>()?.Keys ?? [];
        Kind = type.GetCustomAttribute<KindAttribute>() is { } kind ? Keys.First(k => k.Name == kind.Key) : null;

        ConfigKey Key(PropertyInfo property)
        {
            var parameter = Array.Find(_parameters, p => p.Name == property.Name);
            var required = parameter is not null ? !parameter.HasDefaultValue : property.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null;
            return new(NameOf(property.Name), property, required, required ? null : defaults is null ? parameter?.DefaultValue : property.GetValue(defaults));
        }
    }

    public Type Type { get; }

    public IReadOnlyList<ConfigKey> Keys { get; }

    public IReadOnlyList<string> ShortForm { get; }

    /// <summary>The key that decides which others may be given; null when all may.</summary>
    public ConfigKey? Kind { get; }

    public static ConfigShape Of(Type type) => new(type);

    /// <summary>Whether a type is a section of its own.</summary>
    public static bool IsSection(Type type) => (type.Namespace == typeof(SimConfig).Namespace || type.Namespace == typeof(JobsConfig).Namespace) && !type.IsEnum;

    public static string NameOf(string member) => JsonNamingPolicy.SnakeCaseLower.ConvertName(member);

    /// <summary>Keys that go with a value of <see cref="Kind"/>.</summary>
    public static KeysAttribute KeysOf(object kind) => kind.GetType().GetField(kind.ToString()!)!.GetCustomAttribute<KeysAttribute>() ?? new();

    /// <summary>The keys of this section that count for a value of it.</summary>
    public IEnumerable<ConfigKey> KeysFor(object section) =>
        Kind is null ? Keys : Keys.Where(k => k == Kind || KeysOf(Kind.Property.GetValue(section)!).All.Contains(k.Name));

    /// <summary>A section with the given values; others have their defaults, and texts that must be given but are not are empty.</summary>
    public object Create(IReadOnlyDictionary<string, object?> values, IReadOnlyList<ConfigKey>? keys)
    {
        var section = _constructor.Invoke([.. _parameters.Select(p => values.TryGetValue(NameOf(p.Name!), out var v) ? v : Default(p))]);
        foreach (var key in keys ?? [])
        {
            if (values.TryGetValue(key.Name, out var value)) key.Property.SetValue(section, value);
            else if (key.Required && key.Type == typeof(string)) key.Property.SetValue(section, "");
        }

        return section;

        static object? Default(ParameterInfo parameter) =>
            parameter.HasDefaultValue ? parameter.DefaultValue : parameter.ParameterType == typeof(string) ? "" : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null;
    }
}
