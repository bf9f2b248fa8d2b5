using Microsoft.Extensions.Options;

namespace InferMesh.Silo.Options;

/// <summary>Redis clustering needs an address of Redis.</summary>
internal sealed class ClusterConnection(IConfiguration configuration) : IValidateOptions<ClusterSettings>
{
    public const string RedisName = "redis";

    public ValidateOptionsResult Validate(string? name, ClusterSettings options) =>
        options.Provider == ClusterProvider.Redis && string.IsNullOrWhiteSpace(configuration.GetConnectionString(Name(configuration)))
            ? ValidateOptionsResult.Fail($"Provider = Redis needs ConnectionStrings:{Name(configuration)}, such as 127.0.0.1:6379")
            : ValidateOptionsResult.Success;

    /// <summary>The connection's name: the launcher may have chosen another.</summary>
    public static string Name(IConfiguration configuration) =>
        configuration["Orleans:Clustering:ServiceKey"] is { Length: > 0 } key ? key : RedisName;
}

/// <summary>PostgreSQL needs a connection string, in our section or under its standard name.</summary>
internal sealed class StorageConnection(IConfiguration configuration) : IValidateOptions<StorageSettings>
{
    public const string DatabaseName = "meshdb";

    public ValidateOptionsResult Validate(string? name, StorageSettings options) =>
        options.Provider == StorageProvider.Postgres && Of(options, configuration) is null
            ? ValidateOptionsResult.Fail($"Provider = Postgres needs ConnectionString or ConnectionStrings:{DatabaseName}, such as Host=127.0.0.1;Username=mesh;Database=mesh")
            : ValidateOptionsResult.Success;

    public static string? Of(StorageSettings options, IConfiguration configuration) =>
        new[] { options.ConnectionString, configuration.GetConnectionString(DatabaseName) }.FirstOrDefault(text => !string.IsNullOrWhiteSpace(text));
}
