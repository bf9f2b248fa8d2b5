using InferMesh.ServiceDefaults.Options;

namespace InferMesh.Api.Options;

/// <summary>Settings of the API as they were at start.</summary>
internal sealed record ApiHostSettings(HttpSettings Http, ClusterSettings Cluster, ApiSettings Api);

internal static class SettingsExtensions
{
    /// <summary>Reads and checks all settings of the API.</summary>
    /// <exception cref="ServiceDefaults.Hosting.StartupException">At least one setting is wrong; the message lists all.</exception>
    public static ApiHostSettings AddApiSettings(this WebApplicationBuilder builder)
    {
        var (services, configuration) = (builder.Services, builder.Configuration);
        var settings = new ApiHostSettings(
            services.AddMeshOptions(configuration, HttpSettings.Section, new KeysForOpenAddress(configuration)),
            services.AddMeshOptions(configuration, ClusterSettings.Section, new RedisAddress(configuration)),
            services.AddMeshOptions<ApiSettings>(configuration, ApiSettings.Section));
        // The ingress reads its own section when it is added, after this check.
        services.AllowMeshSections("InferMesh:Ingress", "InferMesh:Probes", "InferMesh:Tenancy");
        services.ThrowOnBadSettings(configuration);
        return settings;
    }
}
