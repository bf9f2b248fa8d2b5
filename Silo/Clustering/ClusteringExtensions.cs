using System.Net;
using InferMesh.ServiceDefaults.Hosting;
using InferMesh.ServiceDefaults.Redis;
using InferMesh.ServiceDefaults.Tls;
using InferMesh.Silo.Options;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using StackExchange.Redis;

namespace InferMesh.Silo.Clustering;

/// <summary>How this silo finds the others, where it listens, and how fast a dead silo is noticed.</summary>
internal static class ClusteringExtensions
{
    public static void AddClusterConnections(this WebApplicationBuilder builder, ClusterSettings settings, TlsSettings tls)
    {
        if (settings.Tls.Enabled)
            builder.Services.AddClusterTls(settings.Tls, tls);
        builder.Services.AddSingleton<IPreflight>(new PortPreflight(settings));
        if (settings.Provider != ClusterProvider.Redis)
            return;
        var name = ClusterConnection.Name(builder.Configuration);
        builder.AddRedisConnection(name);
        builder.Services.AddSingleton<IPreflight>(services => ActivatorUtilities.CreateInstance<RedisPreflight>(services, name));
        builder.Services.AddHostedService<MembershipKeeper>();
    }

    public static ISiloBuilder UseMeshClustering(this ISiloBuilder silo, ClusterSettings settings)
    {
        var address = IPAddress.Parse(settings.AdvertisedIPAddress);
        if (!AspireNames.IsClusteredByOrleans(silo.Configuration))
        {
            if (settings.Provider == ClusterProvider.Redis)
                silo.UseSharedRedis(ClusterConnection.Name(silo.Configuration));
            else
                silo.UseDevelopmentClustering(new IPEndPoint(address, settings.PrimarySiloPort ?? settings.SiloPort));
        }

        if (settings.Provider == ClusterProvider.Redis)
            silo.AddIncomingGrainCallFilter<StallGuard>();
        silo.ConfigureEndpoints(address, settings.SiloPort, settings.GatewayPort, settings.ListenOnAnyAddress);
        silo.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = settings.ClusterId;
            options.ServiceId = settings.ServiceId;
        });
        silo.Configure<SiloOptions>(options => options.SiloName = $"silo-{settings.SiloPort}");
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = settings.ProbeTimeout;
            options.NumMissedProbesLimit = settings.NumMissedProbesLimit;
            options.NumVotesForDeathDeclaration = settings.NumVotesForDeathDeclaration;
            options.TableRefreshTimeout = settings.TableRefreshTimeout;
            options.IAmAliveTablePublishTimeout = settings.TableRefreshTimeout;
            options.MaxJoinAttemptTime = TimeSpan.FromSeconds(30);
            // By the clock of another silo it may have joined for long: one clock that is ahead would keep everybody out.
            options.EvictWhenMaxJoinAttemptTimeExceeded = false;
        });
        // What lived on a silo that is declared dead lives elsewhere only when that silo, should it run, has read that it is out.
        silo.Configure<GrainDirectoryOptions>(options => options.RangeLeaseDuration = settings.DeathNoticeTime);
        if (settings.Tls.Enabled)
            silo.UseClusterTls();
        silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = settings.ResponseTimeout);
        silo.Services.Configure<HostOptions>(options => options.ShutdownTimeout = settings.GracefulStopTimeout);
        return silo;
    }

    private static void UseClusterTls(this ISiloBuilder silo) => silo.Configure<SiloConnectionOptions>(options =>
    {
        options.ConfigureSiloInboundConnection(connections => connections.UseClusterTls(ClusterTls.SiloInbound));
        options.ConfigureSiloOutboundConnection(connections => connections.UseClusterTls(ClusterTls.SiloOutbound));
        options.ConfigureGatewayInboundConnection(connections => connections.UseClusterTls(ClusterTls.GatewayInbound));
    });

    private static void UseSharedRedis(this ISiloBuilder silo, string name)
    {
        silo.UseRedisClustering(_ => { });
        silo.Services.AddOptions<RedisClusteringOptions>().Configure<IServiceProvider>((options, services) =>
        {
            // The options must not be null, though the shared connection has its own.
            options.ConfigurationOptions = new ConfigurationOptions();
            options.CreateMultiplexer = _ => Task.FromResult(
                (services.GetRequiredKeyedService<IConnectionMultiplexer>(name), IsShared: true));
        });
    }
}
