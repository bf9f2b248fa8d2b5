using Orleans.Storage;

namespace InferMesh.Grains.Events;

/// <summary>The rows of the log: one for where it begins and ends, and one for each segment. Every write is compared and set.</summary>
internal sealed class SegmentStorage(IGrainStorage storage)
{
    private const string HeadName = "event-log";
    private const string SegmentName = "event-segment";
    private static readonly GrainId HeadId = GrainId.Create("event-log", "cluster");

    public async Task<StorageRow<EventLogState>> ReadHeadAsync()
    {
        var head = new StorageRow<EventLogState>();
        await storage.ReadStateAsync(HeadName, HeadId, head);
        return head;
    }

    /// <exception cref="InconsistentStateException">Somebody else has written it since it was read.</exception>
    public Task WriteHeadAsync(StorageRow<EventLogState> head) => storage.WriteStateAsync(HeadName, HeadId, head);

    /// <summary>A segment; without events when it was never written, or is deleted.</summary>
    public async Task<StorageRow<EventSegment>> ReadAsync(long number)
    {
        var segment = new StorageRow<EventSegment>();
        await storage.ReadStateAsync(SegmentName, IdOf(number), segment);
        return segment;
    }

    /// <exception cref="InconsistentStateException">Somebody else has written it since it was read.</exception>
    public Task WriteAsync(long number, StorageRow<EventSegment> segment) => storage.WriteStateAsync(SegmentName, IdOf(number), segment);

    public async Task DeleteAsync(long number)
    {
        var segment = await ReadAsync(number);
        if (segment.RecordExists) await storage.ClearStateAsync(SegmentName, IdOf(number), segment);
    }

    private static GrainId IdOf(long number) => GrainId.Create("event-segment", FormattableString.Invariant($"cluster/{number:000000000}"));
}
