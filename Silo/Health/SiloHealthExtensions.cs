using InferMesh.ServiceDefaults.Health;
using InferMesh.Silo.Options;
using InferMesh.Silo.Storage;

namespace InferMesh.Silo.Health;

internal static partial class SiloHealthExtensions
{
    public static void AddSiloHealth(this WebApplicationBuilder builder, ClusterSettings cluster) =>
        builder.Services.AddSingleton(cluster).AddHealthChecks()
            .AddCheck<ClusterHealthCheck>("cluster", tags: [HealthTags.Ready])
            .AddCheck<StorageHealthCheck>("storage", tags: [HealthTags.Ready]);

    /// <summary>Health and metrics on the configured address, unless the standard ASP.NET Core settings name one.</summary>
    public static void UseSiloHttp(this WebApplicationBuilder builder, HttpSettings settings)
    {
        string[] standard = [WebHostDefaults.ServerUrlsKey, WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey];
        var isSet = standard.Any(key => !string.IsNullOrEmpty(builder.Configuration[key]))
            || builder.Configuration.GetSection("Kestrel:Endpoints").Exists();
        if (!isSet)
            builder.WebHost.UseUrls(settings.Url);
    }

    /// <summary>One line that says the silo serves, where, and on what.</summary>
    public static void LogWhenActive(this WebApplication app) => app.Lifetime.ApplicationStarted.Register(() =>
    {
        var silo = app.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var clustering = app.Services.GetRequiredService<ClusterSettings>().Provider;
        var storage = app.Services.GetRequiredService<IMeshDatabase>().Description;
        var urls = string.Join(' ', app.Urls);
        LogActive(app.Logger, silo, clustering, storage, urls);
    });

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Silo} is active: clustering {Clustering}, storage {Storage}, health and metrics at {Urls}")]
    private static partial void LogActive(ILogger logger, SiloAddress silo, ClusterProvider clustering, string storage, string urls);
}
