using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace InferMesh.Grains.Events;

/// <summary>Figures of the event log and of those who deliver to it.</summary>
internal static class EventMetrics
{
    /// <summary>They did not fit into the queue of a silo.</summary>
    public const string QueueFull = "queue_full";

    /// <summary>Changes of health came faster than the journal: only the last ones of each node were kept.</summary>
    public const string Collapsed = "collapsed";

    /// <summary>They waited in a silo that stopped.</summary>
    public const string SiloStopped = "silo_stopped";

    private static readonly Meter Meter = new("InferMesh.Events");
    private static readonly Counter<long> AppendedEvents = Meter.CreateCounter<long>("infermesh.events.appended", "{event}", "Events that the log has stored.");
    private static readonly Counter<long> DuplicateEvents = Meter.CreateCounter<long>("infermesh.events.duplicates", "{event}", "Events that a source delivered again and the log had already.");
    private static readonly Counter<long> RefusedEvents = Meter.CreateCounter<long>("infermesh.events.refused", "{event}", "Events that the log did not take because too many waited; their sources send them again.");
    private static readonly Counter<long> FailedDeliveries = Meter.CreateCounter<long>("infermesh.events.delivery.failures", "{delivery}", "Deliveries to the log that failed and are tried again.");
    private static readonly UpDownCounter<long> BlockedSources = Meter.CreateUpDownCounter<long>("infermesh.events.delivery.blocked", "{source}", "Sources on this silo whose last delivery to the log failed.");
    private static readonly Histogram<int> BatchSize = Meter.CreateHistogram<int>("infermesh.events.batch.size", "{event}", "Events that the log stored together.");
    private static readonly Histogram<double> AppendSeconds = Meter.CreateHistogram<double>("infermesh.events.append.duration", "s", "Time to store one batch of events.");
    private static readonly string[] Reasons = [QueueFull, Collapsed, SiloStopped];
    private static readonly long[] LostByReason = new long[Reasons.Length];
    private static long s_lastId;

    static EventMetrics()
    {
        Meter.CreateObservableGauge("infermesh.events.last_id", static () => Volatile.Read(ref s_lastId), "{event}", "Id of the newest stored event, where the log is.");
        // Each reason is there with 0 from the start: a counter that begins with its first loss has no increase that an alert could see.
        Meter.CreateObservableCounter("infermesh.events.dropped", static () => Losses(), "{event}", "Events that are lost, by reason.");
    }

    /// <summary>Shows the figures, all at 0. A silo calls it when it starts.</summary>
    public static void Show() => RuntimeHelpers.RunClassConstructor(typeof(EventMetrics).TypeHandle);

    public static void Appended(int events, long lastId, TimeSpan took)
    {
        if (events == 0) return;
        AppendedEvents.Add(events);
        BatchSize.Record(events);
        AppendSeconds.Record(took.TotalSeconds);
        Volatile.Write(ref s_lastId, lastId);
    }

    public static void Duplicate() => DuplicateEvents.Add(1);

    public static void Refused(int events) => RefusedEvents.Add(events);

    /// <summary>Events are lost.</summary>
    /// <param name="reason">One of the reasons of this class.</param>
    /// <param name="events">How many.</param>
    public static void Dropped(string reason, long events) => Interlocked.Add(ref LostByReason[Array.IndexOf(Reasons, reason)], events);

    /// <summary>A delivery failed, for the first time or again.</summary>
    public static void NotDelivered(ref bool blocked)
    {
        FailedDeliveries.Add(1);
        if (!blocked) BlockedSources.Add(1);
        blocked = true;
    }

    /// <summary>The source has delivered, or delivers no more.</summary>
    public static void Unblocked(ref bool blocked)
    {
        if (blocked) BlockedSources.Add(-1);
        blocked = false;
    }

    private static IEnumerable<Measurement<long>> Losses()
    {
        for (var i = 0; i < Reasons.Length; i++) yield return new(Volatile.Read(ref LostByReason[i]), new KeyValuePair<string, object?>("reason", Reasons[i]));
    }
}
