using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>Reads values as written.</summary>
internal static class ScalarReader
{
    public static string Expected(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(double) ? "a number"
        : type == typeof(int) || type == typeof(ulong) ? "a whole number"
        : type.IsEnum ? $"one of {string.Join(", ", Names(type))}"
        : "text";

    public static IEnumerable<string> Names(Type type) => Enum.GetNames(type).Select(ConfigShape.NameOf);

    public static bool TryRead(YamlScalar scalar, Type type, out object? value, [NotNullWhen(false)] out string? problem)
    {
        value = scalar.IsNull ? null : type == typeof(string) ? scalar.Text : type.IsEnum ? Member(scalar.Text, type) : scalar.Quoted ? null : Plain(scalar.Text, type);
        problem = value is not null ? null
            : scalar.IsNull ? $"is empty; it must be {Expected(type)}"
            : type.IsEnum ? $"'{scalar.Text}' is not known; it must be {Expected(type)}{(Suggestion.For(scalar.Text, [.. Names(type)]) is { } near ? $" (did you mean '{near}'?)" : "")}"
            : $"'{scalar.Text}' is {(scalar.Quoted ? "text in quotes" : "no such value")}; it must be {Expected(type)}";
        return problem is null;
    }

    private static object? Member(string text, Type type) => Enum.GetNames(type).FirstOrDefault(n => ConfigShape.NameOf(n) == text) is { } name ? Enum.Parse(type, name) : null;

    private static object? Plain(string text, Type type)
    {
        if (type == typeof(bool)) return text switch { "true" or "True" or "TRUE" => true, "false" or "False" or "FALSE" => false, _ => null };
        if (type == typeof(ulong) && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var large)) return large;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number)) return null;
        if (type == typeof(double)) return number;
        // 1e6 is a whole number too; a ulong with a sign or a fraction is none.
        return type == typeof(int) && number == Math.Floor(number) && number is >= int.MinValue and <= int.MaxValue ? (int)number : null;
    }
}
