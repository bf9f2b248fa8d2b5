using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Models;

namespace InferMesh.Grains.Common;

/// <summary>Sees to it that the cluster has its planners, of models and of jobs, and its event log, also after the silo that had them has died.</summary>
internal sealed partial class PlannerWaker(IGrainFactory grains, TimeProvider time, ILogger<PlannerWaker> logger) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(PlannerWaker), ServiceLifecycleStage.Active,
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
            await WakeAsync("models", grains.GetGrain<IModelPlannerGrain>(IModelPlannerGrain.Key).Wake);
            await WakeAsync("events", grains.GetGrain<IEventLogGrain>(IEventLogGrain.Key).Wake);
            await WakeAsync("jobs", grains.GetGrain<IJobSchedulerGrain>(IJobSchedulerGrain.Key).Wake);
            await Task.Delay(Period, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WakeAsync(string what, Func<Task> wake)
    {
        try
        {
            await wake().WaitAsync(_stop.Token);
        }
        catch (Exception e)
        {
            if (!_stop.IsCancellationRequested) NotWoken(what, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "The grain of {What} was not reached, and is tried again: {Reason}")]
    private partial void NotWoken(string what, string reason);
}
