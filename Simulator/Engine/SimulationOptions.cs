using InferMesh.Simulator.World;

namespace InferMesh.Simulator.Engine;

/// <summary>Token counts of requests: log-normal, cut to a range.</summary>
/// <param name="MedianTokens">Median, at least 1.</param>
/// <param name="Sigma">Standard deviation of the logarithm, 0 or more; 0 makes all equal.</param>
/// <param name="MaxTokens">Greatest, at least 1.</param>
public sealed record TokenLengths(double MedianTokens, double Sigma, int MaxTokens);

/// <summary>One simulated run: fleet, load and signals. All of it is synthetic.</summary>
public sealed record SimulationOptions
{
    /// <summary>GPU of each node, at least one.</summary>
    public required IReadOnlyList<GpuProfile> Nodes { get; init; }

    /// <summary>Offered load as a share of what the fleet can serve (<see cref="Capability"/>), more than 0.</summary>
    public double Rho { get; init; } = 0.8;

    /// <summary>How long requests arrive; what is then in flight gets as long again to finish.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time between two readings of a node, more than zero.</summary>
    public TimeSpan SignalPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time from a reading to the router that uses it, zero or more.</summary>
    public TimeSpan SignalDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Seed of arrivals and lengths; equal seeds give byte-identical results.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Prompts.</summary>
    public TokenLengths Prompts { get; init; } = new(512, 1, 8192);

    /// <summary>Outputs; the router is not told.</summary>
    public TokenLengths Outputs { get; init; } = new(160, 0.8, 2048);

    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    internal void Check()
    {
        if (Nodes.Count == 0) throw new ArgumentException("At least one node is needed.");
        if (!(Rho > 0 && double.IsFinite(Rho))) throw new ArgumentException("Rho must be more than 0.");
        if (Duration <= TimeSpan.Zero || SignalPeriod <= TimeSpan.Zero || SignalDelay < TimeSpan.Zero) throw new ArgumentException("Duration and signal period must be more than zero, the signal delay not less.");
    }
}
