using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace InferMesh.ServiceDefaults.Configuration;

/// <summary>
/// Where a process finds mounted settings: <c>--config FILE</c> or <see cref="FileVariable"/>, <c>--secrets FOLDER</c> or
/// <see cref="SecretsVariable"/>. The file wins over appsettings.json, secrets win over the file, environment and command line over both.
/// </summary>
internal static class MountedFiles
{
    public const string FileVariable = "INFERMESH_CONFIG";
    public const string SecretsVariable = "INFERMESH_SECRETS";

    /// <exception cref="Hosting.StartupException">A file or folder that was named cannot be read.</exception>
    public static void AddMountedFiles(this IHostApplicationBuilder builder, string[] args, MeshRole role)
    {
        List<MountedProvider> providers = [];
        if (Named(args, "config", FileVariable) is { } file)
            providers.Add(new SettingsFile(Path.GetFullPath(file), role));
        if (Named(args, "secrets", SecretsVariable) is { } folder)
            providers.Add(new SecretFiles(Path.GetFullPath(folder)));
        if (providers.Count == 0)
            return;

        var sources = builder.Configuration.Sources;
        var place = sources.Select((source, index) => source is JsonConfigurationSource ? index + 1 : 0).DefaultIfEmpty().Max();
        foreach (var provider in providers)
            sources.Insert(place++, provider);
        builder.Services.AddHostedService(services => new MountedFilesWatch(providers, TimeProvider.System, services.GetRequiredService<ILogger<MountedFilesWatch>>()));
    }

    // Not from the configuration: a variable "CONFIG" of some other program is there under the same key.
    private static string? Named(string[] args, string option, string variable) =>
        new[] { new ConfigurationBuilder().AddCommandLine(args).Build()[option], Environment.GetEnvironmentVariable(variable) }.FirstOrDefault(path => !string.IsNullOrWhiteSpace(path));
}
