namespace InferMesh.Simulator.Training;

/// <summary>What a job needs of a fleet.</summary>
/// <param name="Workers">Workers that it should have.</param>
/// <param name="LeastWorkers">Workers that are enough; 0 means all.</param>
/// <param name="GpusPerWorker">GPUs of each.</param>
/// <param name="GpuTypes">Types that do; none means all.</param>
/// <param name="MemoryGb">Memory of each GPU; 0 takes any.</param>
internal readonly record struct JobRoom(int Workers, int LeastWorkers, int GpusPerWorker, IReadOnlyList<string> GpuTypes, double MemoryGb);

/// <summary>A job before anything happens to it: the same for every strategy.</summary>
internal sealed record JobSpec
{
    public required string Id { get; init; }

    public string Kind { get; init; } = "";

    public string Tenant { get; init; } = "";

    public int Priority { get; init; }

    /// <summary>Ticks of simulated time.</summary>
    public long SubmittedAt { get; init; }

    public required int Workers { get; init; }

    /// <summary>0 means all.</summary>
    public int LeastWorkers { get; init; }

    /// <summary>0 means as many as it should have.</summary>
    public int MostWorkers { get; init; }

    public required int GpusPerWorker { get; init; }

    public IReadOnlyList<string> GpuTypes { get; init; } = [];

    public double MemoryGb { get; init; }

    /// <summary>Steps of one worker each: a step of four workers does four of them.</summary>
    public required double Work { get; init; }

    public required double ComputeSeconds { get; init; }

    public double GradientBytes { get; init; }

    public bool Preemptible { get; init; } = true;

    /// <summary>Ticks; 0 means no checkpoints.</summary>
    public long CheckpointEvery { get; init; }

    public long SaveTicks { get; init; }

    public long StartTicks { get; init; }

    public long RestartTicks { get; init; }

    /// <summary>What its owner says that it takes over what it takes in the best place; null when he says nothing.</summary>
    public double? EstimateFactor { get; init; }

    /// <summary>What its owner says that it runs, seconds, where a trace has it; null when it follows from <see cref="EstimateFactor"/>.</summary>
    public double? EstimateSeconds { get; init; }
}

/// <summary>Ticks of simulated time, 100 ns each: what <see cref="TimeSpan"/> counts, so that the scheduler sees every moment as it is.</summary>
internal static class Ticks
{
    // A thousand years: what takes longer never ends, and sums of a few stay in range.
    private const double Longest = 3e17;

    public static long Of(double seconds) => (long)Math.Min(Math.Ceiling((seconds * TimeSpan.TicksPerSecond) - 1e-6), Longest);

    public static double Seconds(long ticks) => (double)ticks / TimeSpan.TicksPerSecond;
}
