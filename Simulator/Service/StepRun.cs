namespace InferMesh.Simulator.Service;

/// <summary>
/// One or more steps of the same batch in a row, of which each lasts a fixed time longer than the one before: the context of decoding
/// sequences grows by one token each. Exact: picoseconds that do not fill a nanosecond are carried on.
/// </summary>
internal struct StepRun
{
    public long StartNs, RestPs, FirstPs, IncrementPs;
    public int Steps;

    /// <summary>When the given number of steps is done.</summary>
    public readonly long EndNs(int steps) => StartNs + Picoseconds(steps) / 1000;

    /// <summary>Picoseconds that are left of the nanosecond at the end.</summary>
    public readonly long RestAfterPs => Picoseconds(Steps) % 1000;

    /// <summary>Fewest steps, at least 1, that end at or after the given time; the whole run when it ends before.</summary>
    public readonly int StepsUntil(long ns)
    {
        var (low, high) = (1, Steps);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (EndNs(middle) >= ns)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    /// <summary>Steps that are done at the given time.</summary>
    public readonly int StepsDone(long ns)
    {
        var steps = StepsUntil(ns);
        return EndNs(steps) <= ns ? steps : steps - 1;
    }

    private readonly long Picoseconds(int steps) => RestPs + steps * FirstPs + IncrementPs * ((long)steps * (steps - 1) / 2);
}
