namespace InferMesh.Simulator.Engine;

/// <summary>What happens at one moment; the number is the order of things that happen at the same time.</summary>
internal enum EventKind
{
    StepEnds = 0,
    ReadingTaken,
    ReadingArrives,
    RequestArrives,
}

/// <summary>Something that will happen.</summary>
/// <param name="Kind">What.</param>
/// <param name="Index">Node or request that it is about.</param>
/// <param name="Reading">What arrives.</param>
internal readonly record struct SimEvent(EventKind Kind, int Index, NodeReading Reading = default);

/// <summary>Events by time, kind and order of scheduling: a total order, so that a run has one course only.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<SimEvent, (long AtTicks, int Kind, long Sequence)> _queue = new();
    private long _sequence;

    public void Add(long atTicks, SimEvent what) => _queue.Enqueue(what, (atTicks, (int)what.Kind, _sequence++));

    public bool TryTake(out long atTicks, out SimEvent what)
    {
        var any = _queue.TryDequeue(out what, out var at);
        atTicks = at.AtTicks;
        return any;
    }
}
