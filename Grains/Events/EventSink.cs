using System.Threading.Channels;
using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Grains.Events;

/// <summary>
/// Sends what a silo has observed, and nobody has decided or stored, without making anybody wait: models that come and go with the readings of nodes, commands that agents have carried out. What
/// is in the queue is sent until the log has it; it dies with the silo, and what does not fit into it is counted.
/// </summary>
internal sealed partial class EventSink(IGrainFactory grains, TimeProvider time, ILogger<EventSink> logger) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    /// <summary>Events that wait at most.</summary>
    internal const int MaxWaiting = 8192;

    private const int MaxBatch = 256;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly string _source = $"silo/{Guid.NewGuid():N}";
    private readonly Channel<MeshEvent> _queue = Channel.CreateBounded<MeshEvent>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private bool _blocked;
    private Task _running = Task.CompletedTask;

    public void Post(MeshEvent happened)
    {
        if (!_queue.Writer.TryWrite(happened with { At = time.GetUtcNow() })) EventMetrics.Dropped(EventMetrics.QueueFull, 1);
    }

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(EventSink), ServiceLifecycleStage.Active,
        _ =>
        {
            EventMetrics.Show();
            EventMetrics.Show();
            // Not under the start-up token: it runs until the silo stops.
            _running = Task.Run(SendAsync, CancellationToken.None);
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            EventMetrics.Dropped(EventMetrics.SiloStopped, _queue.Reader.Count);
        });

    public void Dispose() => _stop.Dispose();

    private async Task SendAsync()
    {
        var (batch, last) = (new List<SourcedEvent>(MaxBatch), 0L);
        while (await _queue.Reader.WaitToReadAsync(_stop.Token))
        {
            while (batch.Count < MaxBatch && _queue.Reader.TryRead(out var happened)) batch.Add(new(++last, happened));
            while (!await TrySendAsync(batch)) await Task.Delay(Pause, time, _stop.Token);
            batch = new(MaxBatch);
        }
    }

    private async Task<bool> TrySendAsync(List<SourcedEvent> batch)
    {
        try
        {
            await grains.GetGrain<IEventLogGrain>(IEventLogGrain.Key).Deliver(_source, batch).WaitAsync(_stop.Token);
            EventMetrics.Unblocked(ref _blocked);
            return true;
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            EventMetrics.NotDelivered(ref _blocked);
            NotSent(batch.Count, e.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "{Events} events were not taken by the log, and are sent again: {Reason}")]
    private partial void NotSent(int events, string reason);
}
