using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace InferMesh.ServiceDefaults.Redis;

/// <summary>One shared Redis connection per name, under the key that Orleans' Redis providers ask for (<c>ServiceKey</c>).</summary>
public static class RedisExtensions
{
    /// <summary>
    /// Registers a keyed <see cref="IConnectionMultiplexer"/> for <c>ConnectionStrings:{name}</c>. It connects on first use and keeps
    /// trying: a Redis that starts later, or restarts, does not end the process.
    /// </summary>
    /// <param name="builder">The host being built.</param>
    /// <param name="name">The connection name, which is also the service key.</param>
    /// <returns>The same builder.</returns>
    public static IHostApplicationBuilder AddRedisConnection(this IHostApplicationBuilder builder, string name)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddKeyedSingleton<IConnectionMultiplexer>(name, (services, _) =>
            ConnectionMultiplexer.Connect(Options(services.GetRequiredService<IConfiguration>(), name)));
        return builder;
    }

    internal static ConfigurationOptions Options(IConfiguration configuration, string name)
    {
        var connection = configuration.GetConnectionString(name);
        if (string.IsNullOrWhiteSpace(connection))
            throw new InvalidOperationException($"ConnectionStrings:{name} is not set; give it a Redis address such as 127.0.0.1:6379.");
        var options = ConfigurationOptions.Parse(connection);
        options.AbortOnConnectFail = false;
        options.ClientName ??= "infermesh";
        return options;
    }
}
