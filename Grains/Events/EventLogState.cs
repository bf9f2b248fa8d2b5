using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Grains.Events;

/// <summary>Where the log begins and ends; its events are in segments. Whoever begins a segment writes this first, so that a log that lives twice by mistake ends here.</summary>
[GenerateSerializer, Alias("infermesh.EventLogState")]
internal sealed record EventLogState
{
    /// <summary>Newest event when this was written.</summary>
    [Id(0)] public long LastId { get; init; }

    /// <summary>Events of a log from before there were segments; they are moved into segments when it is loaded.</summary>
    [Id(1)] public IReadOnlyList<MeshEvent> Events { get; init; } = [];

    /// <summary>The segment that is written now; -1 for none.</summary>
    [Id(2)] public long Open { get; init; } = -1;

    /// <summary>Oldest event that is kept.</summary>
    [Id(3)] public long FirstId { get; init; } = 1;

    /// <summary>The segments before this one are deleted.</summary>
    [Id(4)] public long Deleted { get; init; }

    /// <summary>What of every source is in the segments before the open one.</summary>
    [Id(5)] public IReadOnlyDictionary<string, SourceMark> Sources { get; init; } = new Dictionary<string, SourceMark>();
}

/// <summary>How far the log has the events of a source.</summary>
/// <param name="Sequence">The last one, as the source numbers them.</param>
/// <param name="Id">Its id in the log.</param>
[GenerateSerializer, Immutable, Alias("infermesh.SourceMark")]
internal readonly record struct SourceMark([property: Id(0)] long Sequence, [property: Id(1)] long Id);

/// <summary>Events of one range of ids: segment n holds those from n * <see cref="Size"/> + 1 on.</summary>
[GenerateSerializer, Alias("infermesh.EventSegment")]
internal sealed class EventSegment
{
    /// <summary>Ids of a segment.</summary>
    public const int Size = 256;

    /// <summary>Oldest first, without gaps.</summary>
    [Id(0)] public List<StoredEvent> Events { get; set; } = [];

    /// <summary>When it was last written, by the clock of the log.</summary>
    [Id(1)] public DateTimeOffset WrittenAt { get; set; }

    /// <summary>The segment of an id.</summary>
    public static long Of(long id) => (id - 1) / Size;

    /// <summary>The first id of a segment.</summary>
    public static long FirstIdOf(long number) => (number * Size) + 1;
}

/// <summary>An event and where it came from.</summary>
/// <param name="Event">The event.</param>
/// <param name="Source">Who delivered it; "" when it was appended without a source.</param>
/// <param name="Sequence">Its number there.</param>
[GenerateSerializer, Immutable, Alias("infermesh.StoredEvent")]
internal sealed record StoredEvent([property: Id(0)] MeshEvent Event, [property: Id(1)] string Source = "", [property: Id(2)] long Sequence = 0);
