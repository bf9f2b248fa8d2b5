using InferMesh.Api.Calls;
using InferMesh.Grains.Abstractions.Endpoints;

namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>The endpoints of the cluster. Without a table nobody knows whose a name is, so nothing may be served.</summary>
internal sealed partial class EndpointDirectory(IGrainFactory grains, TimeProvider time, ILogger<EndpointDirectory> logger) : ClusterFollower<EndpointTable>(TimeSpan.FromSeconds(5), time)
{
    /// <summary>Ends when this process serves what was just written, or after a second.</summary>
    /// <param name="name">Name of the endpoint.</param>
    /// <param name="version">Its version; 0 when it was deleted.</param>
    public Task FollowAsync(string name, long version) =>
        FollowAsync(table => table.Find(name) is var found && (version == 0 ? found?.Name != name : found?.Name == name && found.Version >= version));

    protected override async Task<EndpointTable?> PollAsync(EndpointTable? current, TimeSpan wait) =>
        await grains.GetGrain<IEndpointIndexGrain>(IEndpointIndexGrain.Key).WaitForNewer(current?.Listing.Incarnation ?? 0, current?.Listing.Version ?? 0, wait) is { } newer
            ? new(newer.Endpoints) { Listing = (newer.Incarnation, newer.Version) }
            : null;

    protected override void Failed(string reason) => PollFailed(reason);

    [LoggerMessage(LogLevel.Information, "No news of endpoints, the last ones stay in force: {Reason}")]
    private partial void PollFailed(string reason);
}
