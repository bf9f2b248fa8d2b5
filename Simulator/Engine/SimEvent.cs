namespace InferMesh.Simulator.Engine;

/// <summary>What happens at one moment; the number is the order of things that happen at the same time: what ends comes before what begins.</summary>
internal enum EventKind : byte
{
    EngineWakes = 0,
    BlocksMoved,
    AnswerArrives,
    AnswerHome,
    FirstTokenArrives,
    AttemptLost,
    CancelArrives,
    NodeFails,
    NodeRepaired,
    ReadingTaken,
    ReadingArrives,
    BlocksArrive,
    CellRefreshed,
    RequestDelivered,
    HedgeDue,
    RequestAtRouter,
    NextArrival,
    SampleTaken,
}

/// <summary>Something that will happen: 24 bytes, so that the queue moves little.</summary>
/// <param name="AtNs">When, nanoseconds of simulated time.</param>
/// <param name="Order">Kind in the top byte, order of scheduling below.</param>
/// <param name="Index">Target, request, cell or router that it is about.</param>
/// <param name="Tag">What else it needs.</param>
internal readonly record struct SimEvent(long AtNs, ulong Order, int Index, int Tag)
{
    public EventKind Kind => (EventKind)(Order >> 56);
}
