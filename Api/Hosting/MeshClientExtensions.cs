using InferMesh.Api.Options;
using InferMesh.Grains.Abstractions;
using InferMesh.ServiceDefaults.Health;
using InferMesh.ServiceDefaults.Redis;
using InferMesh.ServiceDefaults.Tls;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Streams;
using StackExchange.Redis;

namespace InferMesh.Api.Hosting;

/// <summary>The API as a client of the cluster: it starts without one, waits for it, and finds new silos within seconds.</summary>
internal static class MeshClientExtensions
{
    // Silos that are restarted one after another must each be found again before the next one goes.
    private static readonly TimeSpan GatewayRefresh = TimeSpan.FromSeconds(1);

    public static void AddMeshClient(this WebApplicationBuilder builder, ClusterSettings settings, TlsSettings tls)
    {
        if (settings.Provider == ClusterProvider.Redis)
            builder.AddRedisConnection(RedisAddress.Name(builder.Configuration));

        if (settings.Tls.Enabled)
            builder.Services.AddClusterTls(settings.Tls, tls);

        builder.UseOrleansClient(client =>
        {
            client.UseMeshClustering(settings, builder.Configuration);
            client.UseConnectionRetryFilter<ClusterConnectionRetry>();
            client.AddActivityPropagation();
            client.AddMemoryStreams(MeshStreams.ProviderName, streams =>
            {
                streams.ConfigurePartitioning(MeshStreams.PartitionCount);
                streams.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
            });
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = settings.ResponseTimeout);
            if (settings.Tls.Enabled)
                client.Configure<ClientConnectionOptions>(options => options.ConfigureConnection(connections => connections.UseClusterTls(ClusterTls.GatewayOutbound)));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = GatewayRefresh);
        });

        // Health must answer while the client still looks for a cluster.
        builder.Services.Configure<HostOptions>(options => options.ServicesStartConcurrently = true);
        builder.Services.AddHealthChecks().AddCheck<ClusterHealthCheck>("cluster", tags: [HealthTags.Ready]);
    }

    private static void UseMeshClustering(this IClientBuilder client, ClusterSettings settings, IConfiguration configuration)
    {
        if (!AspireNames.IsClusteredByOrleans(configuration))
        {
            if (settings.Provider == ClusterProvider.Redis)
                client.UseSharedRedis(RedisAddress.Name(configuration));
            else
                client.UseLocalhostClustering(settings.GatewayPort);
        }

        client.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = settings.ClusterId;
            options.ServiceId = settings.ServiceId;
        });
    }

    private static void UseSharedRedis(this IClientBuilder client, string name)
    {
        client.UseRedisClustering(_ => { });
        client.Services.AddOptions<RedisClusteringOptions>().Configure<IServiceProvider>((options, services) =>
        {
            // The options must not be null, though the shared connection has its own.
            options.ConfigurationOptions = new ConfigurationOptions();
            options.CreateMultiplexer = _ => Task.FromResult((services.GetRequiredKeyedService<IConnectionMultiplexer>(name), IsShared: true));
        });
    }
}
