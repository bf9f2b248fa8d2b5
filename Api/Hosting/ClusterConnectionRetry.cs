namespace InferMesh.Api.Hosting;

/// <summary>Looks for the cluster until the host stops: the API may start before the silos.</summary>
internal sealed partial class ClusterConnectionRetry(TimeProvider time, ILogger<ClusterConnectionRetry> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private int _attempts;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return false;
        // One line at first and one a minute are enough to see what it waits for.
        if (_attempts++ % 60 == 0) LogWaiting(exception.Message);
        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for the cluster: {Reason}")]
    private partial void LogWaiting(string reason);
}
