using InferMesh.Grains.Abstractions.Models;

namespace InferMesh.Grains.Models;

/// <summary>Sees to it that the cluster has a planner, also after the silo that had it has died.</summary>
internal sealed partial class ModelPlannerWaker(IGrainFactory grains, TimeProvider time, ILogger<ModelPlannerWaker> logger) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(ModelPlannerWaker), ServiceLifecycleStage.Active,
        _ =>
        {
            // Not under the start-up token: it runs until the silo stops.
            _running = Task.Run(WakeAsync, CancellationToken.None);
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

    public void Dispose() => _stop.Dispose();

    private async Task WakeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await grains.GetGrain<IModelPlannerGrain>(IModelPlannerGrain.Key).Wake().WaitAsync(_stop.Token);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                NotWoken(e.Message);
            }
            await Task.Delay(Period, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(LogLevel.Information, "The planner of models was not reached, and is tried again: {Reason}")]
    private partial void NotWoken(string reason);
}
