using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace InferMesh.ServiceDefaults.Options;

/// <summary>Runs the DataAnnotations of a bound settings object, nested objects included, and words what is allowed.</summary>
internal static class SettingRules
{
    public static IEnumerable<SettingError> Check(object settings, string path, IReadOnlySet<string> skip)
    {
        foreach (var property in SettingType.Keys(settings.GetType()))
        {
            var key = ConfigurationPath.Combine(path, property.Name);
            if (skip.Contains(key) || !property.CanRead)
                continue; // Already refused: a second line about the same key would only confuse.
            var value = property.GetValue(settings);
            var shown = property.IsDefined(typeof(SecretSettingAttribute), inherit: true) ? null : Text(value);
            foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (rule.GetValidationResult(value, new ValidationContext(settings) { MemberName = property.Name }) is { } result)
                    yield return new SettingError(key, shown, Allowed(rule, result));
            }

            if (value is not null && !SettingType.IsValue(property.PropertyType) && !SettingType.IsCollection(property.PropertyType))
            {
                foreach (var error in Check(value, key, skip))
                    yield return error;
            }
        }

        if (settings is not IValidatableObject whole)
            yield break;
        foreach (var result in whole.Validate(new ValidationContext(settings)))
        {
            var member = result.MemberNames.FirstOrDefault();
            yield return new SettingError(member is null ? path : ConfigurationPath.Combine(path, member), null, result.ErrorMessage ?? "is not valid");
        }
    }

    private static string Allowed(ValidationAttribute rule, ValidationResult result) => rule switch
    {
        RangeAttribute range => $"must be from {Text(range.Minimum)} to {Text(range.Maximum)}",
        AllowedValuesAttribute values => "must be one of " + string.Join(", ", values.Values.Select(Text)),
        RequiredAttribute => "must be set",
        _ => result.ErrorMessage ?? "is not valid",
    };

    private static string? Text(object? value) => value switch
    {
        TimeSpan duration => duration.ToString("g", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value?.ToString(),
    };
}
