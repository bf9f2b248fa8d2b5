using InferMesh.Grains.Abstractions;
using Orleans.Streams;

namespace InferMesh.Silo.Streams;

/// <summary>
/// The stream provider of telemetry. It lives in the memory of the silos: a reading is worth a second, and the next one replaces it,
/// so losing those that sat on a killed silo is cheaper than a disk write for each.
/// </summary>
internal static class TelemetryStreams
{
    // Part of the age of every reading, half of it on average; each pull is a grain call per queue, also when there is nothing.
    private static readonly TimeSpan s_pullPeriod = TimeSpan.FromMilliseconds(100);

    // A grain that has not taken a batch by then gets the next one.
    private static readonly TimeSpan s_cached = TimeSpan.FromSeconds(10);

    public static ISiloBuilder AddTelemetryStreams(this ISiloBuilder silo) =>
        silo.AddMemoryStreams(MeshStreams.ProviderName, streams =>
        {
            streams.ConfigurePartitioning(MeshStreams.PartitionCount);
            streams.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
            // Only the newest batch of a node counts, and the default keeps half an hour of them.
            streams.ConfigureCacheEviction(cache => cache.Configure(options =>
            {
                (options.DataMinTimeInCache, options.DataMaxAgeInCache, options.MetadataMinTimeInCache) = (s_cached, s_cached, s_cached);
            }));
            streams.ConfigurePullingAgent(agent => agent.Configure(options => options.GetQueueMsgsTimerPeriod = s_pullPeriod));
        });
}
