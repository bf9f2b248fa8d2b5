using InferMesh.ServiceDefaults.Options;
using InferMesh.ServiceDefaults.Tls;

namespace InferMesh.Api.Options;

/// <summary>Settings of the API as they were at start.</summary>
internal sealed record ApiHostSettings(HttpSettings Http, ClusterSettings Cluster, ApiSettings Api, TlsSettings Tls);

internal static class SettingsExtensions
{
    /// <summary>Reads and checks all settings of the API.</summary>
    /// <exception cref="ServiceDefaults.Hosting.StartupException">At least one setting is wrong; the message lists all.</exception>
    public static ApiHostSettings AddApiSettings(this WebApplicationBuilder builder)
    {
        var (services, configuration) = (builder.Services, builder.Configuration);
        var settings = new ApiHostSettings(
            services.AddMeshOptions<HttpSettings>(configuration, HttpSettings.Section),
            services.AddMeshOptions(configuration, ClusterSettings.Section, new RedisAddress(configuration)),
            services.AddMeshOptions<ApiSettings>(configuration, ApiSettings.Section),
            services.AddMeshOptions<TlsSettings>(configuration, TlsSettings.Section));
        services.AddMeshOptions(configuration, SecuritySettings.Section, new SecurityModeRules(configuration));
        services.AddMeshOptions<ConsoleSettings>(configuration, ConsoleSettings.Section);
        services.AddMeshOptions<RateLimitSettings>(configuration, RateLimitSettings.Section);
        // The ingress reads its own section when it is added, after this check.
        services.AllowMeshSections("InferMesh:Experiments", "InferMesh:Ingress", "InferMesh:Plugins", "InferMesh:Probes", "InferMesh:Recording", "InferMesh:Routing", "InferMesh:Tenancy");
        services.ThrowOnBadSettings(configuration);
        return settings;
    }
}
