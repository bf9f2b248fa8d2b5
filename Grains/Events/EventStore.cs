using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Options;

namespace InferMesh.Grains.Events;

/// <summary>An event on its way into the log.</summary>
internal sealed class IncomingEvent(StoredEvent stored)
{
    public StoredEvent Stored { get; } = stored;

    /// <summary>Its id, or, of a repetition, one of its source that is not older; 0 until it has one.</summary>
    public long Id { get; set; }
}

/// <summary>
/// The log: numbers events, stores them in segments, reads them, and deletes old ones. What a write costs depends on the segment, not on the log. After an exception it is loaded again before it
/// is written again. Writes come one after another, reads in between; used on the grain's own scheduler only.
/// </summary>
internal sealed class EventStore(SegmentStorage storage, TimeProvider time)
{
    private const int Cached = 16;

    private readonly LinkedList<(long Number, EventSegment Segment)> _cache = [];
    private StorageRow<EventLogState> _head = new();
    private StorageRow<EventSegment> _open = new();
    private EventSources _sources = new(new Dictionary<string, SourceMark>());
    private long _lastId;

    /// <summary>The newest event that is stored: only what is stored is shown, or an id that a reader has seen and a crash has lost would be given to another event.</summary>
    public long StoredId { get; private set; }

    /// <summary>The oldest event that is kept.</summary>
    public long FirstId => _head.State.FirstId;

    public async Task LoadAsync()
    {
        var head = await storage.ReadHeadAsync();
        if (head.State.Open < 0) head = await BeginAsync(head);
        var open = await storage.ReadAsync(head.State.Open);
        var sources = new EventSources(head.State.Sources);
        foreach (var stored in open.State.Events) sources.Note(stored);
        (_head, _open, _sources) = (head, open, sources);
        StoredId = _lastId = open.State.Events is [.., var last] ? last.Event.Id : head.State.LastId;
    }

    /// <summary>Stores events. When it fails, those up to <see cref="StoredId"/> are stored nevertheless.</summary>
    public async Task AppendAsync(IReadOnlyList<IncomingEvent> incoming, EventSettings keep)
    {
        var start = time.GetTimestamp();
        var before = StoredId;
        foreach (var item in incoming)
        {
            if (_sources.Find(item.Stored.Source, item.Stored.Sequence) is { } known)
            {
                item.Id = known;
                EventMetrics.Duplicate();
                continue;
            }
            if (EventSegment.Of(_lastId + 1) > _head.State.Open)
            {
                await StoreAsync();
                await RollAsync(keep);
            }
            var happened = item.Stored.Event;
            var numbered = item.Stored with { Event = happened with { Id = ++_lastId, At = happened.At == default ? time.GetUtcNow() : happened.At } };
            item.Id = _lastId;
            _open.State.Events.Add(numbered);
            _sources.Note(numbered);
        }
        await StoreAsync();
        EventMetrics.Appended((int)(StoredId - before), StoredId, time.GetElapsedTime(start));
    }

    /// <summary>Events after a cursor that is not negative.</summary>
    public async Task<EventPage> ReadAsync(long cursor, int max)
    {
        var (first, stored) = (FirstId, StoredId);
        var truncated = cursor + 1 < first && cursor < stored;
        var page = new List<MeshEvent>();
        for (var next = Math.Max(cursor + 1, first); next <= stored && page.Count < max; next = EventSegment.FirstIdOf(EventSegment.Of(next) + 1))
        {
            var segment = await SegmentAsync(EventSegment.Of(next));
            // Deleted meanwhile: the reader is too late.
            if (segment.Events.Count == 0) truncated = true;
            page.AddRange(segment.Events.Select(static e => e.Event).Where(e => e.Id >= next && e.Id <= stored).Take(max - page.Count));
        }
        return new(page, page.Count > 0 ? page[^1].Id : Math.Max(cursor, Math.Min(first - 1, stored)), truncated);
    }

    /// <summary>The newest event that is in storage now, whoever has written it.</summary>
    public async Task<long> ReadStoredIdAsync()
    {
        var head = await storage.ReadHeadAsync();
        if (head.State.Open < 0) return head.State.LastId;
        return (await storage.ReadAsync(head.State.Open)).State.Events is [.., var last] ? last.Event.Id : head.State.LastId;
    }

    /// <summary>Forgets what is too old and too much: first that it was there, then the segments themselves, so that a crash in between leaves nothing behind.</summary>
    public async Task PruneAsync(EventSettings keep)
    {
        var first = await FirstToKeepAsync(keep);
        if (first > EventSegment.Of(FirstId)) await WriteHeadAsync(_head.State with { FirstId = EventSegment.FirstIdOf(first) });
        await DeleteAsync();
    }

    private async Task StoreAsync()
    {
        if (_lastId == StoredId) return;
        _open.State.WrittenAt = time.GetUtcNow();
        await storage.WriteAsync(_head.State.Open, _open);
        StoredId = _lastId;
    }

    private async Task RollAsync(EventSettings keep)
    {
        var full = _head.State.Open;
        Cache(full, _open.State);
        var first = await FirstToKeepAsync(keep);
        await WriteHeadAsync(_head.State with
        {
            Open = full + 1,
            LastId = StoredId,
            FirstId = Math.Max(FirstId, EventSegment.FirstIdOf(first)),
            Sources = _sources.Snapshot(),
        });
        _open = await storage.ReadAsync(full + 1);
        await DeleteAsync();
    }

    private async Task<long> FirstToKeepAsync(EventSettings keep)
    {
        var first = EventSegment.Of(FirstId);
        for (; first < _head.State.Open; first++)
        {
            var isSpare = StoredId - (EventSegment.FirstIdOf(first + 1) - 1) >= keep.Keep;
            if (!isSpare && (await SegmentAsync(first)).WrittenAt > time.GetUtcNow() - keep.KeepFor) break;
        }
        return first;
    }

    private async Task DeleteAsync()
    {
        var (from, to) = (_head.State.Deleted, EventSegment.Of(FirstId));
        if (from >= to) return;
        for (var number = from; number < to; number++) await storage.DeleteAsync(number);
        // Stored with the next change of the head: to delete what is gone does no harm.
        _head.State = _head.State with { Deleted = to };
    }

    private async Task WriteHeadAsync(EventLogState state)
    {
        // What is in memory stays what is stored, also when the write fails: readers go on meanwhile.
        var next = new StorageRow<EventLogState> { State = state, ETag = _head.ETag, RecordExists = _head.RecordExists };
        await storage.WriteHeadAsync(next);
        _head = next;
    }

    /// <summary>The first segments: of a new log, or of one from before there were any.</summary>
    private async Task<StorageRow<EventLogState>> BeginAsync(StorageRow<EventLogState> head)
    {
        var old = head.State;
        foreach (var group in old.Events.GroupBy(static e => EventSegment.Of(e.Id)))
        {
            var segment = await storage.ReadAsync(group.Key);
            segment.State = new() { Events = [.. group.Select(static e => new StoredEvent(e))], WrittenAt = time.GetUtcNow() };
            await storage.WriteAsync(group.Key, segment);
        }
        var firstId = old.Events is [var first, ..] ? first.Id : old.LastId + 1;
        head.State = new() { LastId = old.LastId, Open = EventSegment.Of(old.LastId + 1), FirstId = firstId, Deleted = EventSegment.Of(firstId) };
        await storage.WriteHeadAsync(head);
        return head;
    }

    private async Task<EventSegment> SegmentAsync(long number)
    {
        if (number == _head.State.Open) return _open.State;
        for (var node = _cache.First; node is not null; node = node.Next)
        {
            if (node.Value.Number != number) continue;
            _cache.Remove(node);
            _cache.AddFirst(node);
            return node.Value.Segment;
        }
        var segment = (await storage.ReadAsync(number)).State;
        if (segment.Events.Count > 0) Cache(number, segment);
        return segment;
    }

    private void Cache(long number, EventSegment segment)
    {
        _cache.AddFirst((number, segment));
        if (_cache.Count > Cached) _cache.RemoveLast();
    }
}
