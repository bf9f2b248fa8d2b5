namespace InferMesh.Adapters.Probing;

/// <summary>One schedulable GPU: a whole one, or a MIG slice of one.</summary>
public sealed record GpuEntry
{
    /// <summary>UUID of the GPU or slice.</summary>
    public required string Uuid { get; init; }

    /// <summary>Product name; "" when unknown.</summary>
    public string Name { get; init; } = "";

    /// <summary>MIG profile, for example <c>1g.10gb</c>; "" for a whole GPU.</summary>
    public string MigProfile { get; init; } = "";

    /// <summary>SM utilisation, 0 to 1; null when unknown, as it is for a slice.</summary>
    public double? SmUtilization { get; init; }

    /// <summary>Memory-bus utilisation, 0 to 1; null when unknown, as it is for a slice.</summary>
    public double? MemoryUtilization { get; init; }

    /// <summary>Memory in use, in bytes.</summary>
    public long? VramUsedBytes { get; init; }

    /// <summary>Memory in all, in bytes.</summary>
    public long? VramTotalBytes { get; init; }

    /// <summary>Core temperature in degrees Celsius.</summary>
    public double? TemperatureCelsius { get; init; }

    /// <summary>Power draw in watts; of slices the first carries that of the board, so that a sum over a node stays right.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>Uncorrected ECC errors since the driver was loaded.</summary>
    public long? EccUncorrectedErrors { get; init; }

    /// <summary>Whether heat, power or faulty hardware holds the clocks down.</summary>
    public bool? Throttled { get; init; }

    /// <summary>The GPU fell off the bus.</summary>
    public bool Lost { get; init; }
}
