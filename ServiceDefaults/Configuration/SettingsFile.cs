using System.Text.Json;
using InferMesh.ServiceDefaults.Hosting;
using Microsoft.Extensions.Configuration;

namespace InferMesh.ServiceDefaults.Configuration;

/// <summary>
/// One JSON file for all processes of the mesh: what stands under <c>Silo</c> or <c>Api</c> is for that process only and wins there over
/// what stands outside.
/// </summary>
internal sealed class SettingsFile(string path, MeshRole role) : MountedProvider(path)
{
    private static readonly string[] s_roles = Enum.GetNames<MeshRole>();
    private static readonly string[] s_known = ["InferMesh", "ConnectionStrings", "Logging", "Kestrel", "AllowedHosts", .. s_roles];

    protected override Dictionary<string, string?> Read()
    {
        var read = Parse();
        CheckSections(read.GetChildren().Select(section => section.Key), s_known, "");
        foreach (var name in s_roles)
            CheckSections(read.GetSection(name).GetChildren().Select(section => section.Key), s_known.Except(s_roles), $"{name}:");

        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var own = read.GetSection(role.ToString());
        foreach (var (key, value) in read.AsEnumerable().Where(pair => !IsOfARole(pair.Key)).Concat(own.AsEnumerable(makePathsRelative: true)))
        {
            if (value is not null)
                settings[key] = value;
        }
        return settings;
    }

    private IConfigurationRoot Parse()
    {
        try
        {
            using var stream = File.OpenRead(Path);
            return new ConfigurationBuilder().AddJsonStream(stream).Build();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The settings file {Path} cannot be read: {e.Message}", ExitCodes.BadConfiguration);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidDataException)
        {
            throw new StartupException($"The settings file {Path} is no JSON: {e.InnerException?.Message ?? e.Message}", ExitCodes.BadConfiguration);
        }
    }

    // A section with a typing error would otherwise be a setting that nobody applies.
    private void CheckSections(IEnumerable<string> found, IEnumerable<string> known, string prefix)
    {
        var unknown = found.Where(name => !name.StartsWith("OTEL_", StringComparison.Ordinal)).Except(known, StringComparer.OrdinalIgnoreCase).ToArray();
        if (unknown.Length > 0)
            throw new StartupException([.. unknown.Select(name => new Options.SettingError(prefix + name, null, $"unknown section in {Path}; known sections: {string.Join(", ", known)}"))]);
    }

    private static bool IsOfARole(string key) => s_roles.Contains(key.Split(ConfigurationPath.KeyDelimiter, 2)[0], StringComparer.OrdinalIgnoreCase);
}
