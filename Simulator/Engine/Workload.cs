namespace InferMesh.Simulator.Engine;

/// <summary>One request of a workload.</summary>
internal readonly record struct Arrival(long Id, long AtTicks, int PromptTokens, int OutputTokens);

/// <summary>Poisson arrivals with log-normal lengths, drawn once per run: every strategy meets the same requests.</summary>
internal sealed class Workload
{
    private const int MeanSamples = 20_000;

    private Workload(IReadOnlyList<Arrival> arrivals, IReadOnlyList<Capability> capabilities) => (Arrivals, Capabilities) = (arrivals, capabilities);

    public IReadOnlyList<Arrival> Arrivals { get; }

    /// <summary>Capability of each node for this workload.</summary>
    public IReadOnlyList<Capability> Capabilities { get; }

    public static Workload Draw(SimulationOptions options)
    {
        var capabilities = Measure(options);
        var meanGapSeconds = 1 / (options.Rho * capabilities.Sum(c => c.RequestsPerSecond));
        RandomStream gaps = new(options.Seed, 0), prompts = new(options.Seed, 1), outputs = new(options.Seed, 2);
        var arrivals = new List<Arrival>();
        for (var at = Gap(); at < options.Duration.Ticks; at += Gap())
            arrivals.Add(new(arrivals.Count, at, Length(prompts, options.Prompts), Length(outputs, options.Outputs)));
        return new(arrivals, capabilities);

        long Gap() => (long)(gaps.NextExponential(meanGapSeconds) * TimeSpan.TicksPerSecond);
    }

    // The means of the cut distributions have no handy formula: drawn from streams of their own.
    private static Capability[] Measure(SimulationOptions options)
    {
        RandomStream prompts = new(options.Seed, 3), outputs = new(options.Seed, 4);
        double prompt = 0, output = 0;
        for (var i = 0; i < MeanSamples; i++)
        {
            prompt += Length(prompts, options.Prompts);
            output += Length(outputs, options.Outputs);
        }
        return [.. options.Nodes.Select(p => Capability.Of(p, prompt / MeanSamples, output / MeanSamples))];
    }

    private static int Length(RandomStream random, TokenLengths lengths) =>
        (int)Math.Clamp(Math.Round(lengths.MedianTokens * Math.Exp(lengths.Sigma * random.NextNormal())), 1, lengths.MaxTokens);
}
