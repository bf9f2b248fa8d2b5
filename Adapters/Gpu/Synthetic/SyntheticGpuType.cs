namespace InferMesh.Adapters.Gpu.Synthetic;

/// <summary>Data of a GPU model that synthetic readings are made from.</summary>
/// <remarks>Memory, power and clocks follow the makers' data sheets; prices are round figures for simulations, not offers.</remarks>
public sealed record SyntheticGpuType
{
    private const long MiB = 1L << 20;

    /// <summary>Name to configure it by, for example <c>H100-80G</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Product name in readings.</summary>
    public required string ProductName { get; init; }

    /// <summary>Device memory in bytes.</summary>
    public required long VramTotalBytes { get; init; }

    /// <summary>Power at rest, in watts.</summary>
    public required double IdlePowerWatts { get; init; }

    /// <summary>Power limit in watts.</summary>
    public required double PowerLimitWatts { get; init; }

    /// <summary>Clock at rest in MHz.</summary>
    public required int IdleSmClockMhz { get; init; }

    /// <summary>Highest clock of the streaming multiprocessors in MHz.</summary>
    public required int MaxSmClockMhz { get; init; }

    /// <summary>Clock of the device memory in MHz.</summary>
    public required int MemoryClockMhz { get; init; }

    /// <summary>Assumed price of one GPU in US dollars per hour.</summary>
    public required decimal PriceUsdPerHour { get; init; }

    /// <summary>All known types by name, in no particular case.</summary>
    public static IReadOnlyDictionary<string, SyntheticGpuType> ByName { get; } = new[]
    {
        Define("H100-80G", "NVIDIA H100 80GB HBM3", 81559, 70, 700, 345, 1980, 2619, 3.00m),
        Define("A100-80G", "NVIDIA A100-SXM4-80GB", 81920, 55, 400, 210, 1410, 1593, 1.80m),
        Define("L40S-48G", "NVIDIA L40S", 46068, 35, 350, 210, 2520, 9001, 1.20m),
        Define("H200-141G", "NVIDIA H200", 143771, 75, 700, 345, 1980, 3201, 3.80m),
        Define("L4-24G", "NVIDIA L4", 23034, 16, 72, 210, 2040, 6251, 0.60m),
        Define("A10G-24G", "NVIDIA A10G", 23028, 22, 300, 210, 1710, 6251, 0.80m),
    }.ToDictionary(type => type.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The type of this name.</summary>
    /// <param name="name">Name in any case.</param>
    /// <exception cref="ArgumentException">There is no such type; the message lists those that are.</exception>
    public static SyntheticGpuType Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return ByName.TryGetValue(name, out var type)
            ? type
            : throw new ArgumentException($"unknown GPU type '{name}'; known are {string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal))}", nameof(name));
    }

    private static SyntheticGpuType Define(string name, string product, long vramMib, double idle, double limit, int idleClock, int maxClock, int memoryClock, decimal price) => new()
    {
        Name = name,
        ProductName = product,
        VramTotalBytes = vramMib * MiB,
        IdlePowerWatts = idle,
        PowerLimitWatts = limit,
        IdleSmClockMhz = idleClock,
        MaxSmClockMhz = maxClock,
        MemoryClockMhz = memoryClock,
        PriceUsdPerHour = price,
    };
}
