using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace InferMesh.ServiceDefaults.Options;

/// <summary>A settings object and everything that is wrong with it.</summary>
internal sealed record SettingsReading<T>(T Value, IReadOnlyList<SettingError> Errors);

/// <summary>Reads one settings class from one section and finds all its errors, not only the first.</summary>
internal static class SettingsReader
{
    public static SettingsReading<T> Read<T>(IConfiguration configuration, string path, IEnumerable<IValidateOptions<T>> validators)
        where T : class, new()
    {
        var section = configuration.GetSection(path);
        var shape = SettingsShape.Of(section, typeof(T));
        var value = new T();
        Readable(section, shape.Unreadable).GetSection(path).Bind(value);

        var errors = shape.Errors
            .Concat(SettingRules.Check(value, path, shape.Unreadable))
            .Concat(validators.SelectMany(validator => validator.Validate(null, value).Failures ?? []).Select(failure => new SettingError(path, null, failure)));
        return new SettingsReading<T>(value, [.. errors]);
    }

    // The same section without what cannot be converted, so that one bad value does not hide the errors of the others.
    private static IConfigurationRoot Readable(IConfigurationSection section, IReadOnlySet<string> unreadable) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(section.AsEnumerable().Where(pair => pair.Value is not null && !IsUnder(pair.Key, unreadable)))
            .Build();

    private static bool IsUnder(string key, IReadOnlySet<string> paths) =>
        paths.Any(path => key.Length == path.Length
            ? string.Equals(key, path, StringComparison.OrdinalIgnoreCase)
            : key.StartsWith(path + ConfigurationPath.KeyDelimiter, StringComparison.OrdinalIgnoreCase));
}
