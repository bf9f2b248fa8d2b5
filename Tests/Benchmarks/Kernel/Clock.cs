namespace InferMesh.Tests.Benchmarks.Kernel;

/// <summary>
/// Processor time and allocated bytes of one operation, after a warm-up by time: a tiered compiler is not done after so many calls. Processor
/// time, not wall time: it stays the same while a machine does other work.
/// </summary>
internal static class Clock
{
    private const int Rounds = 7;
    private const double WarmUpSeconds = 1;
    private const double RoundSeconds = 0.12;

    /// <summary>Measures operations side by side, round by round: what else the machine does meets all of them.</summary>
    public static Timing[] Measure(params Action<int>[] operations)
    {
        var counts = Array.ConvertAll(operations, Warm);
        var times = Array.ConvertAll(operations, _ => new double[Rounds]);
        var bytes = new double[operations.Length];
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < operations.Length; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var started = Environment.CpuUsage.TotalTime;
                operations[i](counts[i]);
                times[i][round] = (Environment.CpuUsage.TotalTime - started).TotalNanoseconds / counts[i];
                bytes[i] = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)counts[i];
            }
        }
        return [.. times.Select((t, i) => new Timing(t.Order().ElementAt(Rounds / 2), t.Min(), bytes[i]))];
    }

    private static int Warm(Action<int> operation)
    {
        var started = Environment.CpuUsage.TotalTime;
        var done = 0;
        for (var count = 1; (Environment.CpuUsage.TotalTime - started).TotalSeconds < WarmUpSeconds || done < 3; count = Math.Min(count * 2, 1024))
        {
            operation(count);
            done += count;
        }
        return Math.Max(1, (int)(done * RoundSeconds / (Environment.CpuUsage.TotalTime - started).TotalSeconds));
    }
}

/// <summary>Nanoseconds and bytes of one operation.</summary>
internal readonly record struct Timing(double MedianNs, double BestNs, double Bytes);
