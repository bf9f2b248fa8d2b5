using System.Threading.Channels;
using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Api.Security.Audit;

/// <summary>
/// Writes the audit into the log of the process at once, and into the event log of the mesh behind a bounded queue: no call waits for it or fails with it. What is in the queue is sent until the
/// log has it, each entry once, or until the process stops. Thread-safe.
/// </summary>
internal sealed partial class AuditTrail(IGrainFactory grains, AuditMetrics metrics, TimeProvider time, ILogger<AuditTrail> logger) : BackgroundService
{
    private const int QueueLength = 8192;
    private const int MaxBatch = 256;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // The log tells repetitions by it.
    private readonly string _source = $"api/{Guid.NewGuid():N}";
    private readonly Channel<MeshEvent> _queue = Channel.CreateBounded<MeshEvent>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly DenialWindow _denials = new();

    /// <summary>A call that changes the mesh, whatever became of it.</summary>
    public void Called(AuditEntry entry)
    {
        LogCall(entry.Call, entry.Subject, entry.Actor, entry.Kind, entry.Remote, entry.Status);
        Enqueue(entry.ToEvent(EventTypes.AuditCall));
    }

    /// <summary>A call that was denied.</summary>
    public void Denied(AuditEntry entry)
    {
        metrics.Denied(entry.Status);
        if (!_denials.IsFirst(entry)) return;
        LogDenied(entry.Call, entry.Subject, entry.Actor, entry.Kind, entry.Remote, entry.Status, entry.Reason);
        Enqueue(entry.ToEvent(EventTypes.AuditDenied));
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        Flush();
        _queue.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var minute = time.CreateTimer(_ => Flush(), null, Window, Window);
        var (batch, last) = (new List<SourcedEvent>(MaxBatch), 0L);
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (batch.Count < MaxBatch && _queue.Reader.TryRead(out var happened)) batch.Add(new(++last, happened));
            if (!await TryDeliverAsync(batch, stoppingToken)) break;
            batch = new(MaxBatch);
        }
        if (_queue.Reader.Count > 0) metrics.Lost("not_appended", _queue.Reader.Count);
    }

    private void Flush()
    {
        foreach (var (entry, times) in _denials.Close())
        {
            LogMore(entry.Call, entry.Actor, entry.Remote, entry.Status, times);
            Enqueue(entry.ToEvent(EventTypes.AuditDenied, times));
        }
    }

    private void Enqueue(MeshEvent happened)
    {
        // When it happened, which may be long before the log takes it.
        if (!_queue.Writer.TryWrite(happened with { At = time.GetUtcNow() })) metrics.Lost("queue_full");
    }

    /// <summary>Sends entries until the log has them; false when the host has stopped before.</summary>
    private async Task<bool> TryDeliverAsync(List<SourcedEvent> batch, CancellationToken stoppingToken)
    {
        var told = false;
        while (true)
        {
            // When the host stops there is no time to wait for a cluster: one more attempt.
            var last = stoppingToken.IsCancellationRequested;
            try
            {
                await grains.GetGrain<IEventLogGrain>(IEventLogGrain.Key).Deliver(_source, batch).WaitAsync(DeliveryLimit, time, CancellationToken.None);
                return true;
            }
            catch (Exception e) when (!last)
            {
                if (!told) LogHeld(batch.Count, e.Message);
                told = true;
            }
            catch (Exception e)
            {
                metrics.Lost("not_appended", batch.Count);
                foreach (var entry in batch) LogLost(entry.Event.Type, entry.Event.Subject, e.Message);
                return false;
            }
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(LogLevel.Information, "Audit: {Call} on \"{Subject}\" by {Actor} ({Kind}) from {Remote}: {Status}")]
    private partial void LogCall(string call, string subject, string actor, string kind, string remote, int status);

    [LoggerMessage(LogLevel.Warning, "Audit: {Call} on \"{Subject}\" by {Actor} ({Kind}) from {Remote} was denied: {Status} {Reason}")]
    private partial void LogDenied(string call, string subject, string actor, string kind, string remote, int status, string reason);

    [LoggerMessage(LogLevel.Warning, "Audit: {Call} by {Actor} from {Remote} was denied with {Status} {Times} times more")]
    private partial void LogMore(string call, string actor, string remote, int status, long times);

    [LoggerMessage(LogLevel.Warning, "Audit: {Entries} entries were not taken by the event log, and are sent until they are: {Reason}")]
    private partial void LogHeld(int entries, string reason);

    [LoggerMessage(LogLevel.Error, "Audit: {Type} of \"{Subject}\" is not in the event log: {Reason}")]
    private partial void LogLost(string type, string subject, string reason);
}
