namespace InferMesh.Simulator.Training;

/// <summary>What is measured at every moment.</summary>
internal readonly record struct TrainingReading(long Held, long Open, long Fragments, long Lent, long Unmet, long Waiting);

/// <summary>Integrals over time, exact, in ticks, and the course of what they are of.</summary>
internal sealed class TrainingMeter
{
    private readonly List<(long From, TrainingReading Reading)> _course = [];

    /// <summary>When it was read last.</summary>
    public long At { get; private set; }

    public Int128 HeldTicks { get; private set; }

    public Int128 OpenTicks { get; private set; }

    public Int128 FragmentTicks { get; private set; }

    public Int128 LentTicks { get; private set; }

    public Int128 UnmetGpuTicks { get; private set; }

    public Int128 WaitingTicks { get; private set; }

    /// <summary>Ticks in which serving lacked anything because of jobs.</summary>
    public long UnmetTicks { get; private set; }

    /// <summary>Counts the time until now, in which all was as it reads.</summary>
    public void Advance(long now, in TrainingReading reading)
    {
        var passed = now - At;
        if (passed == 0) return;
        if (_course.Count == 0 || _course[^1].Reading != reading) _course.Add((At, reading));
        At = now;
        HeldTicks += (Int128)reading.Held * passed;
        OpenTicks += (Int128)reading.Open * passed;
        FragmentTicks += (Int128)reading.Fragments * passed;
        LentTicks += (Int128)reading.Lent * passed;
        UnmetGpuTicks += (Int128)reading.Unmet * passed;
        WaitingTicks += (Int128)reading.Waiting * passed;
        if (reading.Unmet > 0) UnmetTicks += passed;
    }

    /// <summary>Means over so many equal parts of the run.</summary>
    public IReadOnlyList<TrainingSample> Samples(int count)
    {
        if (At == 0) return [];
        var samples = new List<TrainingSample>(count);
        var next = 0;
        Span<double> sums = stackalloc double[6];
        for (var i = 0; i < count; i++)
        {
            // As wholes: the end of one part is the beginning of the next.
            var (from, to) = ((long)((Int128)At * i / count), (long)((Int128)At * (i + 1) / count));
            if (to == from) continue;
            while (next + 1 < _course.Count && _course[next + 1].From <= from) next++;
            sums.Clear();
            for (var at = next; at < _course.Count && _course[at].From < to; at++)
            {
                double passed = Math.Min(to, at + 1 < _course.Count ? _course[at + 1].From : At) - Math.Max(from, _course[at].From);
                var r = _course[at].Reading;
                ReadOnlySpan<long> values = [r.Held, r.Open, r.Fragments, r.Lent, r.Unmet, r.Waiting];
                for (var v = 0; v < values.Length; v++) sums[v] += values[v] * passed;
            }
            var length = (double)(to - from);
            samples.Add(new(Ticks.Seconds((from + to) / 2), sums[0] / length, sums[1] / length, sums[2] / length, sums[3] / length, sums[4] / length, sums[5] / length));
        }
        return samples;
    }
}
