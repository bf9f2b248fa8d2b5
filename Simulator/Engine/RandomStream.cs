namespace InferMesh.Simulator.Engine;

/// <summary>
/// A seeded stream of numbers (SplitMix64, Steele, Lea and Flood 2014). Our own, because a run must be the same next year: the
/// sequence of the library's generator is no contract. One stream per subsystem, so that one more draw here moves nothing there.
/// </summary>
internal sealed class RandomStream(ulong seed, ulong subsystem)
{
    private ulong _state = Mix(seed + 0x9E3779B97F4A7C15UL * (subsystem + 1));

    /// <summary>Uniform over (0, 1).</summary>
    public double NextUnit() => ((Next() >> 11) + 0.5) / (1UL << 53);

    /// <summary>Exponential with the given mean.</summary>
    public double NextExponential(double mean) => -mean * Math.Log(NextUnit());

    /// <summary>Standard normal (Box and Muller 1958).</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(NextUnit())) * Math.Cos(2 * Math.PI * NextUnit());

    private ulong Next()
    {
        _state += 0x9E3779B97F4A7C15UL;
        return Mix(_state);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
