using System.Collections;
using System.ComponentModel;
using System.Reflection;

namespace InferMesh.ServiceDefaults.Options;

/// <summary>How a settings class looks to configuration: its keys, and which of them are single values, lists or nested objects.</summary>
internal static class SettingType
{
    public static IEnumerable<PropertyInfo> Keys(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetIndexParameters().Length == 0 && (property.SetMethod?.IsPublic == true || IsCollection(property.PropertyType)));

    public static PropertyInfo? Find(Type type, string key) =>
        Keys(type).FirstOrDefault(property => string.Equals(property.Name, key, StringComparison.OrdinalIgnoreCase));

    public static bool IsValue(Type type) => type == typeof(string) || TypeDescriptor.GetConverter(Underlying(type)).CanConvertFrom(typeof(string));

    public static bool IsCollection(Type type) => type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type);

    public static bool IsDictionary(Type type) => Interfaces(type)
        .Any(i => i.IsGenericType && (i.GetGenericTypeDefinition() == typeof(IDictionary<,>) || i.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)));

    /// <summary>The type of a list's elements or a dictionary's values.</summary>
    public static Type ElementType(Type type) =>
        type.IsArray ? type.GetElementType()!
        : Interfaces(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0] switch
        {
            { IsGenericType: true } pair when pair.GetGenericTypeDefinition() == typeof(KeyValuePair<,>) => pair.GetGenericArguments()[1],
            { } element => element,
            null => typeof(object),
        };

    public static bool TryConvert(string text, Type type, out string allowed)
    {
        var target = Underlying(type);
        allowed = Describe(target);
        if (target == typeof(string) || (target != type && text.Length == 0))
            return true;
        try
        {
            var value = TypeDescriptor.GetConverter(target).ConvertFromInvariantString(text);
            return !target.IsEnum || target.IsDefined(typeof(FlagsAttribute), inherit: false) || Enum.IsDefined(target, value!);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return false; // Converters throw what they like: FormatException, ArgumentException, a bare Exception around either.
        }
    }

    private static string Describe(Type type) => type switch
    {
        { IsEnum: true } => "must be one of " + string.Join(", ", Enum.GetNames(type)),
        _ when type == typeof(bool) => "must be true or false",
        _ when type == typeof(TimeSpan) => "must be a duration such as 00:00:05 (hours:minutes:seconds)",
        _ when type == typeof(int) || type == typeof(long) => "must be a whole number",
        _ when type == typeof(double) || type == typeof(float) || type == typeof(decimal) => "must be a number",
        _ => $"must be a {type.Name}",
    };

    private static Type Underlying(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    private static IEnumerable<Type> Interfaces(Type type) => type.IsInterface ? type.GetInterfaces().Append(type) : type.GetInterfaces();
}
