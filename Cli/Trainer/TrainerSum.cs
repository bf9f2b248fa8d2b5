namespace InferMesh.Cli.Trainer;

/// <summary>What ranks exchange: small whole numbers, so that sums are exact in any order and each rank knows what must come out.</summary>
internal static class TrainerSum
{
    public const int Length = 8;
    private const long Cycle = 7;

    /// <summary>What a rank adds in a step.</summary>
    public static double[] Part(long step, int rank)
    {
        var part = new double[Length];
        for (var i = 0; i < Length; i++) part[i] = ((rank + 1) * ((step % Cycle) + 1)) + i;
        return part;
    }

    /// <summary>What all ranks together add.</summary>
    public static double[] Whole(long step, int worldSize)
    {
        var sum = new double[Length];
        var ranks = (double)worldSize * (worldSize + 1) / 2;
        for (var i = 0; i < Length; i++) sum[i] = (ranks * ((step % Cycle) + 1)) + ((double)worldSize * i);
        return sum;
    }
}
