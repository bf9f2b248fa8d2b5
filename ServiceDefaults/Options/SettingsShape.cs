using Microsoft.Extensions.Configuration;

namespace InferMesh.ServiceDefaults.Options;

/// <summary>Compares a configuration section with a settings class before anything is bound: unknown keys and unreadable values.</summary>
internal sealed class SettingsShape
{
    private readonly List<SettingError> _errors = [];
    private readonly HashSet<string> _unreadable = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<SettingError> Errors => _errors;

    /// <summary>Paths that must not be bound, because binding would throw on the first of them and hide the rest.</summary>
    public IReadOnlySet<string> Unreadable => _unreadable;

    public static SettingsShape Of(IConfigurationSection section, Type type)
    {
        var shape = new SettingsShape();
        if (!string.IsNullOrEmpty(section.Value))
            shape.Refuse(section, "must be a group of keys: " + Known(type), secret: false);
        shape.Inspect(section, type);
        return shape;
    }

    private void Inspect(IConfigurationSection section, Type type)
    {
        foreach (var child in section.GetChildren())
        {
            if (SettingType.Find(type, child.Key) is { } property)
                InspectValue(child, property.PropertyType, property.IsDefined(typeof(SecretSettingAttribute), inherit: true));
            else
                Refuse(child, "unknown key; known keys: " + Known(type), secret: true);
        }
    }

    private void InspectValue(IConfigurationSection section, Type type, bool secret)
    {
        if (SettingType.IsValue(type))
        {
            if (section.GetChildren().Any())
                Refuse(section, "must be a single value", secret);
            else if (section.Value is { } text && !SettingType.TryConvert(text, type, out var allowed))
                Refuse(section, allowed, secret);
        }
        else if (SettingType.IsCollection(type))
        {
            foreach (var element in section.GetChildren())
                InspectValue(element, SettingType.ElementType(type), secret);
        }
        else
        {
            Inspect(section, type);
        }
    }

    private void Refuse(IConfigurationSection section, string allowed, bool secret)
    {
        _errors.Add(new SettingError(section.Path, secret ? null : section.Value, allowed));
        _unreadable.Add(section.Path);
    }

    private static string Known(Type type) => string.Join(", ", SettingType.Keys(type).Select(key => key.Name).Order(StringComparer.Ordinal));
}
