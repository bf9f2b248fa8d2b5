using InferMesh.Grains.Options;
using InferMesh.ServiceDefaults.Options;
using InferMesh.ServiceDefaults.Tls;
using InferMesh.Silo.Probes;

namespace InferMesh.Silo.Options;

/// <summary>All settings that shape the silo, read and checked before anything is built.</summary>
internal sealed record SiloSettings(ClusterSettings Cluster, StorageSettings Storage, HttpSettings Http, ProbeSettings Probes, TlsSettings Tls);

internal static class SiloSettingsExtensions
{
    /// <summary>Reads every settings class of the silo.</summary>
    /// <exception cref="InferMesh.ServiceDefaults.Hosting.StartupException">At least one setting is wrong; it names all of them.</exception>
    public static SiloSettings AddSiloSettings(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var services = builder.Services;
        var settings = new SiloSettings(
            services.AddMeshOptions(configuration, ClusterSettings.Section, new ClusterConnection(configuration)),
            services.AddMeshOptions(configuration, StorageSettings.Section, new StorageConnection(configuration)),
            services.AddMeshOptions<HttpSettings>(configuration, HttpSettings.Section),
            services.AddMeshOptions<ProbeSettings>(configuration, ProbeSettings.Section),
            services.AddMeshOptions<TlsSettings>(configuration, TlsSettings.Section));
        services.AddMeshOptions<HealthSettings>(configuration, HealthSettings.Section);
        services.AddMeshOptions<FaultSettings>(configuration, FaultSettings.Section);
        services.AddMeshOptions<RoutingSettings>(configuration, RoutingSettings.Section);
        services.AddMeshOptions<RecordingSettings>(configuration, RecordingSettings.Section);
        services.AddMeshOptions<TenancySettings>(configuration, TenancySettings.Section);
        services.AddMeshOptions<JobSettings>(configuration, JobSettings.Section);
        services.AddMeshOptions<PluginSettings>(configuration, PluginSettings.Section);
        services.AddMeshOptions<ExperimentSettings>(configuration, ExperimentSettings.Section);
        services.AddMeshOptions<EventSettings>(configuration, EventSettings.Section);
        // One environment often serves all processes of a machine.
        services.AllowMeshSections("InferMesh:Api", "InferMesh:Console", "InferMesh:Security", "InferMesh:RateLimits", "InferMesh:Ingress", "InferMesh:Agent");
        services.ThrowOnBadSettings(configuration);
        return settings;
    }
}
