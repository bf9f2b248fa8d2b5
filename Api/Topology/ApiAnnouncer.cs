using InferMesh.Grains.Abstractions.Topology;

namespace InferMesh.Api.Topology;

/// <summary>Tells the mesh every few seconds where this API is.</summary>
internal sealed partial class ApiAnnouncer(IGrainFactory grains, ApiLocation location, TimeProvider time, ILogger<ApiAnnouncer> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failing = false;
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            do
            {
                try
                {
                    await grains.GetGrain<ITopologyGrain>(ITopologyGrain.Key).Announce(location.Current).WaitAsync(Period, time, stoppingToken);
                    failing = false;
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    if (!failing) NotAnnounced(e.Message);
                    failing = true;
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    [LoggerMessage(LogLevel.Information, "The mesh does not hear where this API is: {Reason}")]
    private partial void NotAnnounced(string reason);
}
