using InferMesh.Silo.Options;

namespace InferMesh.Silo.Clustering;

/// <summary>
/// Reads the names that a launcher of the Aspire kind gives (<c>Orleans:*</c>, <c>ConnectionStrings:*</c>) as defaults of our own
/// settings, so that one set of rules checks both. What is set under <c>InferMesh</c> wins.
/// </summary>
internal static class AspireNames
{
    private static readonly (string Theirs, string Ours)[] s_names =
    [
        ("Orleans:ClusterId", $"{ClusterSettings.Section}:{nameof(ClusterSettings.ClusterId)}"),
        ("Orleans:ServiceId", $"{ClusterSettings.Section}:{nameof(ClusterSettings.ServiceId)}"),
        ("Orleans:Endpoints:SiloPort", $"{ClusterSettings.Section}:{nameof(ClusterSettings.SiloPort)}"),
        ("Orleans:Endpoints:GatewayPort", $"{ClusterSettings.Section}:{nameof(ClusterSettings.GatewayPort)}"),
        ("Orleans:Endpoints:AdvertisedIPAddress", $"{ClusterSettings.Section}:{nameof(ClusterSettings.AdvertisedIPAddress)}"),
    ];

    public static void AddAspireNames(this IConfigurationManager configuration)
    {
        var defaults = s_names
            .Where(name => configuration[name.Theirs] is not null && configuration[name.Ours] is null)
            .Select(name => KeyValuePair.Create(name.Ours, configuration[name.Theirs]))
            .ToList();

        const string Clustering = $"{ClusterSettings.Section}:{nameof(ClusterSettings.Provider)}";
        if (IsClusteredByOrleans(configuration) && configuration[Clustering] is null && IsRedis(configuration))
            defaults.Add(KeyValuePair.Create(Clustering, (string?)nameof(ClusterProvider.Redis)));

        const string Storage = $"{StorageSettings.Section}:{nameof(StorageSettings.Provider)}";
        if (configuration[Storage] is null && !string.IsNullOrWhiteSpace(configuration.GetConnectionString(StorageConnection.DatabaseName)))
            defaults.Add(KeyValuePair.Create(Storage, (string?)nameof(StorageProvider.Postgres)));

        configuration.AddInMemoryCollection(defaults);
    }

    /// <summary>Orleans configures its clustering itself when this key is there; ours must then stay away.</summary>
    public static bool IsClusteredByOrleans(IConfiguration configuration) => !string.IsNullOrEmpty(configuration["Orleans:Clustering:ProviderType"]);

    private static bool IsRedis(IConfiguration configuration) =>
        string.Equals(configuration["Orleans:Clustering:ProviderType"], "Redis", StringComparison.OrdinalIgnoreCase);
}
