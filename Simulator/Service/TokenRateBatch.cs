namespace InferMesh.Simulator.Service;

/// <summary>A batch that runs. Positions are tokens of its own work, counted from the engine's start.</summary>
internal struct TokenRateBatch
{
    /// <summary>Requests; a cancelled one has the id -1.</summary>
    public TokenRateItem[]? Items;

    /// <summary>Requests in it.</summary>
    public int Count;

    /// <summary>Where the prompts are done; not a number once that was told.</summary>
    public double FirstTokenAt;

    /// <summary>Where all is done.</summary>
    public double EndAt;

    /// <summary>When the prompts were done, nanoseconds.</summary>
    public long FirstTokenNs;

    /// <summary>Memory that it holds, GB.</summary>
    public double Gb;

    /// <summary>Where the next thing happens.</summary>
    public readonly double NextAt => double.IsNaN(FirstTokenAt) ? EndAt : FirstTokenAt;
}
