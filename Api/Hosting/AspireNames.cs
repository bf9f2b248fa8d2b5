using InferMesh.Api.Options;

namespace InferMesh.Api.Hosting;

/// <summary>
/// Reads the names that a launcher of the Aspire kind gives (<c>Orleans:*</c>) as defaults of our own settings, so that one set of rules
/// checks both. What is set under <c>InferMesh</c> wins.
/// </summary>
internal static class AspireNames
{
    private static readonly (string Theirs, string Ours)[] Names =
    [
        ("Orleans:ClusterId", $"{ClusterSettings.Section}:{nameof(ClusterSettings.ClusterId)}"),
        ("Orleans:ServiceId", $"{ClusterSettings.Section}:{nameof(ClusterSettings.ServiceId)}"),
    ];

    public static void AddAspireNames(this IConfigurationManager configuration)
    {
        var defaults = Names
            .Where(name => configuration[name.Theirs] is not null && configuration[name.Ours] is null)
            .Select(name => KeyValuePair.Create(name.Ours, configuration[name.Theirs]))
            .ToList();

        const string Provider = $"{ClusterSettings.Section}:{nameof(ClusterSettings.Provider)}";
        if (configuration[Provider] is null && string.Equals(configuration["Orleans:Clustering:ProviderType"], "Redis", StringComparison.OrdinalIgnoreCase))
            defaults.Add(KeyValuePair.Create(Provider, (string?)nameof(ClusterProvider.Redis)));

        configuration.AddInMemoryCollection(defaults);
    }

    /// <summary>Orleans configures its clustering itself when this key is there; ours must then stay away.</summary>
    public static bool IsClusteredByOrleans(IConfiguration configuration) => !string.IsNullOrEmpty(configuration["Orleans:Clustering:ProviderType"]);
}
