namespace InferMesh.Simulator.Engine;

/// <summary>Streams of randomness of the world, one per concern, apart from those of the workload (from 1,000) and the network (from 2,000).</summary>
internal static class Streams
{
    public const ulong Travel = 3_000, Failures = 3_001, Phase = 3_002, QueuePeriod = 3_003, VramPeriod = 3_004, Cold = 3_005, Ties = 3_006;

    /// <summary>A number over [0, 1) that belongs to an index: what would take an array of a million draws otherwise.</summary>
    public static double Unit(ulong seed, ulong stream, int index)
    {
        var z = seed + 0x9E3779B97F4A7C15UL * (stream + 1) + 0xD1B54A32D192ED03UL * ((ulong)(uint)index + 1);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
