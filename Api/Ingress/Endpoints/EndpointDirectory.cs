using InferMesh.Grains.Abstractions.Endpoints;

namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>
/// Follows the endpoints of the cluster with one pending long poll, so that no request asks for them. When a poll fails, the last table stays in force and the poll is tried again.
/// </summary>
internal sealed partial class EndpointDirectory(IGrainFactory grains, TimeProvider time, ILogger<EndpointDirectory> logger) : BackgroundService
{
    // Below the response timeout of the cluster.
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FollowWait = TimeSpan.FromSeconds(1);

    private volatile TaskCompletionSource _next = New();
    private volatile EndpointTable? _current;

    /// <summary>The newest table; null when a process that has just started gets none in time. Without one nobody knows whose a name is, so nothing may be served.</summary>
    public ValueTask<EndpointTable?> CurrentAsync(CancellationToken cancellationToken) =>
        _current is { } current ? ValueTask.FromResult<EndpointTable?>(current) : new(WaitAsync(_ => true, FirstWait, cancellationToken));

    /// <summary>Ends when this process serves what was just written, or after a second: who has changed an endpoint here may call it here at once.</summary>
    /// <param name="name">Name of the endpoint.</param>
    /// <param name="version">Its version; 0 when it was deleted.</param>
    public Task FollowAsync(string name, long version) =>
        WaitAsync(table => table.Find(name) is var found && (version == 0 ? found?.Name != name : found?.Name == name && found.Version >= version), FollowWait, CancellationToken.None);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long incarnation = 0, version = 0;
        var failing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var newer = await grains.GetGrain<IEndpointIndexGrain>(IEndpointIndexGrain.Key).WaitForNewer(incarnation, version, LongPoll).WaitAsync(stoppingToken);
                failing = false;
                if (newer is null) continue;
                _current = new(newer.Endpoints);
                (incarnation, version) = (newer.Incarnation, newer.Version);
                var woken = _next;
                _next = New();
                woken.SetResult();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (!failing) PollFailed(e.Message);
                failing = true;
                await Task.Delay(RetryDelay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>The first table for which the condition holds; null when there is none in time.</summary>
    private async Task<EndpointTable?> WaitAsync(Func<EndpointTable, bool> holds, TimeSpan wait, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            // Before the look at the table: what comes after it wakes us.
            var next = _next.Task;
            if (_current is { } table && holds(table)) return table;
            var left = wait - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return null;
            await next.WaitAsync(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Information, "No news of endpoints, the last ones stay in force: {Reason}")]
    private partial void PollFailed(string reason);
}
