using System.ComponentModel.DataAnnotations;
using InferMesh.ServiceDefaults.Tls;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Options;

/// <summary>Where the list of the cluster's silos is kept.</summary>
internal enum ClusterProvider
{
    /// <summary>One gateway on this machine; for development.</summary>
    Localhost,

    /// <summary>In Redis, <c>ConnectionStrings:redis</c>.</summary>
    Redis,
}

/// <summary>Section <c>InferMesh:Cluster</c>: the cluster that the API is a client of.</summary>
internal sealed class ClusterSettings
{
    public const string Section = "InferMesh:Cluster";

    /// <summary>Cluster id of the silos. Default <c>infermesh-dev</c>.</summary>
    [Required, StringLength(150, MinimumLength = 1, ErrorMessage = "must be 1 to 150 characters")]
    public string ClusterId { get; set; } = "infermesh-dev";

    /// <summary>Service id of the silos. Default <c>infermesh</c>.</summary>
    [Required, StringLength(150, MinimumLength = 1, ErrorMessage = "must be 1 to 150 characters")]
    public string ServiceId { get; set; } = "infermesh";

    /// <summary>Localhost (default) or Redis.</summary>
    public ClusterProvider Provider { get; set; } = ClusterProvider.Localhost;

    /// <summary>Localhost only: gateway port of the silo, 1 to 65535. Default 30000.</summary>
    [Range(1, 65535)]
    public int GatewayPort { get; set; } = 30000;

    /// <summary>How long one grain call may take; bounds how long a call hangs on a dead silo. Default 5 s, 0.5 s to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:05:00")]
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Mutual TLS with the silos, as they have it. Default: off.</summary>
    public ClusterTlsSettings Tls { get; init; } = new();
}

/// <summary>Redis clustering needs an address of Redis.</summary>
internal sealed class RedisAddress(IConfiguration configuration) : IValidateOptions<ClusterSettings>
{
    private const string DefaultName = "redis";

    public ValidateOptionsResult Validate(string? name, ClusterSettings options) =>
        options.Provider == ClusterProvider.Redis && string.IsNullOrWhiteSpace(configuration.GetConnectionString(Name(configuration)))
            ? ValidateOptionsResult.Fail($"Provider = Redis needs ConnectionStrings:{Name(configuration)}, such as 127.0.0.1:6379")
            : ValidateOptionsResult.Success;

    /// <summary>The connection's name: the launcher may have chosen another.</summary>
    public static string Name(IConfiguration configuration) =>
        configuration["Orleans:Clustering:ServiceKey"] is { Length: > 0 } key ? key : DefaultName;
}
