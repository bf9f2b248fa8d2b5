namespace InferMesh.Simulator.Service;

/// <summary>Waiting sequences in a ring: first come first served, and those that were preempted return to the head.</summary>
internal sealed class SequenceQueue
{
    private Sequence[] _ring = new Sequence[16];
    private int _head;

    /// <summary>Entries, cancelled ones included.</summary>
    public int Count { get; private set; }

    public Sequence this[int index] => _ring[(_head + index) & (_ring.Length - 1)];

    public void AddLast(Sequence sequence)
    {
        Grow();
        _ring[(_head + Count++) & (_ring.Length - 1)] = sequence;
    }

    public void AddFirst(Sequence sequence)
    {
        Grow();
        _head = (_head - 1) & (_ring.Length - 1);
        _ring[_head] = sequence;
        Count++;
    }

    public void RemoveFirst()
    {
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
    }

    public void Clear() => (_head, Count) = (0, 0);

    private void Grow()
    {
        if (Count < _ring.Length)
            return;

        var larger = new Sequence[_ring.Length * 2];
        for (var i = 0; i < Count; i++)
            larger[i] = this[i];
        (_ring, _head) = (larger, 0);
    }
}
