namespace InferMesh.Simulator.Training;

/// <summary>What happens; the order is that of things at the same moment: what ends comes before what begins.</summary>
internal enum TrainingEventKind : byte
{
    Ended,
    Left,
    Began,
    NodeRepaired,
    NodeFailed,
    LinkRecovered,
    LinkSlowed,
    DemandSeen,
    Submitted,
    Woke,
}

/// <summary>Something that will happen.</summary>
/// <param name="Kind">What.</param>
/// <param name="Index">Job, node or link.</param>
/// <param name="Version">Of a job: void when it has gone on since.</param>
/// <param name="ForTicks">How long it lasts.</param>
internal readonly record struct TrainingEvent(TrainingEventKind Kind, int Index = 0, int Version = 0, long ForTicks = 0);

/// <summary>Events by time, kind and order of scheduling: a total order, so that a run has one course only.</summary>
internal sealed class TrainingEvents
{
    private readonly PriorityQueue<TrainingEvent, (long At, TrainingEventKind Kind, long Sequence)> _queue = new();
    private long _sequence;

    public long Handled { get; private set; }

    public void Add(long at, TrainingEvent e) => _queue.Enqueue(e, (at, e.Kind, _sequence++));

    public bool TryTake(out TrainingEvent e, out long at)
    {
        var any = _queue.TryDequeue(out e, out var key);
        (at, Handled) = (key.At, Handled + 1);
        return any;
    }

    /// <summary>Whether more happens at a moment.</summary>
    public bool HasMoreAt(long at) => _queue.TryPeek(out _, out var key) && key.At == at;
}
