using System.Collections.Frozen;
using InferMesh.Api.Calls;
using InferMesh.Grains.Abstractions.Security;

namespace InferMesh.Api.Security.Keys;

/// <summary>All keys at one moment.</summary>
/// <param name="Version">Grows with each change.</param>
/// <param name="Keys">Keys by prefix.</param>
internal sealed record KeyTable(long Version, FrozenDictionary<string, ApiKey> Keys);

/// <summary>The API keys of the cluster. No caller makes it ask, so strangers with made-up keys cost the cluster nothing.</summary>
internal sealed partial class KeyDirectory(IGrainFactory grains, TimeProvider time, ILogger<KeyDirectory> logger) : ClusterFollower<KeyTable>(TimeSpan.FromSeconds(3), time)
{
    /// <summary>Ends when this process knows a version, or after a second: who was given a key here may use it here at once.</summary>
    public Task FollowAsync(long version) => FollowAsync(table => table.Version >= version);

    protected override async Task<KeyTable?> PollAsync(KeyTable? current, TimeSpan wait) =>
        await grains.GetGrain<IKeyRingGrain>(IKeyRingGrain.Key).WaitForNewer(current?.Version ?? -1, wait) is { } newer
            ? new(newer.Version, newer.Keys.ToFrozenDictionary(static key => key.Prefix, StringComparer.Ordinal))
            : null;

    protected override void Failed(string reason) => PollFailed(reason);

    [LoggerMessage(LogLevel.Information, "No news of API keys, the last ones stay good: {Reason}")]
    private partial void PollFailed(string reason);
}
