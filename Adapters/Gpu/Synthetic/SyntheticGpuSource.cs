using System.Globalization;

namespace InferMesh.Adapters.Gpu.Synthetic;

/// <summary>Invented GPUs that follow a given load; every reading says so (<see cref="GpuReading.Synthetic"/>).</summary>
/// <remarks>A reading is a pure function of seed, clock and load: the same three give the same numbers. Thread-safe if the load function is.</remarks>
public sealed class SyntheticGpuSource : IGpuSource
{
    private const double ActiveFloor = 0.02; // below it a GPU counts as idle
    private const double PowerCapKnee = 0.97; // from here on the power limit holds the clocks back
    private const double IdleCelsius = 32;
    private const double LoadedCelsiusRise = 43;
    private const int FirstBus = 0x10;
    private const int MaxGpus = 64;

    private readonly SyntheticGpuOptions _options;
    private readonly TimeProvider _time;
    private readonly Func<double> _load;
    private bool _disposed;

    /// <summary>Creates the source.</summary>
    /// <param name="options">Which GPUs.</param>
    /// <param name="time">Clock that moves the noise on, once a second.</param>
    /// <param name="load">Load of the GPUs at this moment, 0 to 1; values outside are clamped, NaN makes utilisation unknown.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public SyntheticGpuSource(SyntheticGpuOptions options, TimeProvider time, Func<double> load)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(load);
        if (options.Count is < 0 or > MaxGpus)
            throw new ArgumentException($"{nameof(options.Count)} is {options.Count}; it must be within 0 and {MaxGpus}", nameof(options));
        if (options.VramUsedShare is not (>= 0 and <= 1))
            throw new ArgumentException($"{nameof(options.VramUsedShare)} is {options.VramUsedShare}; it must be within 0 and 1", nameof(options));
        (_options, _time, _load) = (options, time, load);
    }

    /// <inheritdoc/>
    public string Name => "synthetic";

    /// <inheritdoc/>
    public GpuSourceResult Read()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var load = _load();
        var second = _time.GetUtcNow().ToUnixTimeSeconds();
        var readings = new GpuReading[_options.Count];
        for (var i = 0; i < readings.Length; i++)
            readings[i] = double.IsNaN(load) ? Unknown(i) : Loaded(i, second, load);
        return new GpuSourceResult.Available(new GpuSnapshot { Source = Name, Readings = readings, Synthetic = true });
    }

    /// <inheritdoc/>
    public void Dispose() => _disposed = true;

    private GpuReading Loaded(int index, long second, double load)
    {
        var type = _options.Type;
        var noise = Noise(index, second);
        // Idle and saturated stay exact; in between, GPUs of one machine differ by a few per cent.
        var wanted = Math.Clamp(load, 0, 1);
        var sm = Math.Clamp(wanted + (0.06 * noise * wanted * (1 - wanted)), 0, 1);
        var active = sm >= ActiveFloor;
        var capped = sm >= PowerCapKnee;
        var clockShare = !active ? 0 : capped ? 0.93 : 1;
        return Whole(Base(index) with
        {
            SmUtilization = sm,
            MemoryUtilization = 0.65 * sm,
            TemperatureCelsius = Math.Round(IdleCelsius + (LoadedCelsiusRise * sm) + noise),
            PowerWatts = Math.Clamp(type.IdlePowerWatts + ((type.PowerLimitWatts - type.IdlePowerWatts) * sm) + noise, 0, type.PowerLimitWatts),
            SmClockMhz = (int)(type.IdleSmClockMhz + ((type.MaxSmClockMhz - type.IdleSmClockMhz) * clockShare)),
            ThrottleReasons = !active ? GpuThrottleReasons.GpuIdle : capped ? GpuThrottleReasons.SwPowerCap : GpuThrottleReasons.None,
            PerformanceState = active ? 0 : 8,
        });
    }

    private GpuReading Unknown(int index)
    {
        string[] fields =
        [
            nameof(GpuReading.SmUtilization), nameof(GpuReading.MemoryUtilization), nameof(GpuReading.TemperatureCelsius), nameof(GpuReading.PowerWatts),
            nameof(GpuReading.SmClockMhz), nameof(GpuReading.ThrottleReasons), nameof(GpuReading.PerformanceState),
        ];
        return Whole(Base(index), fields);
    }

    private static GpuReading Whole(GpuReading reading, params ReadOnlySpan<string> unknown)
    {
        var missing = new MissingFields();
        foreach (var field in unknown)
            missing.Add(field, "the load is unknown");
        return reading with { Missing = UnreadFields.Reasons(reading, missing, "not imitated") };
    }

    private GpuReading Base(int index) => new()
    {
        Index = index,
        Uuid = string.Create(CultureInfo.InvariantCulture, $"GPU-SYNTHETIC-{Mix(_options.Seed, (ulong)index, 0):x16}"),
        Name = _options.Type.ProductName,
        PciBusId = string.Create(CultureInfo.InvariantCulture, $"00000000:{FirstBus + index:X2}:00.0"),
        VramTotalBytes = _options.Type.VramTotalBytes,
        VramUsedBytes = (long)(_options.Type.VramTotalBytes * _options.VramUsedShare),
        PowerLimitWatts = _options.Type.PowerLimitWatts,
        MemoryClockMhz = _options.Type.MemoryClockMhz,
        EccCorrectedVolatile = 0,
        EccUncorrectedVolatile = 0,
        EccCorrectedAggregate = 0,
        EccUncorrectedAggregate = 0,
        RetiredPagesSingleBit = 0,
        RetiredPagesDoubleBit = 0,
        RetiredPagesPending = false,
        RemappedRowsCorrectable = 0,
        RemappedRowsUncorrectable = 0,
        RemappedRowsPending = false,
        RemappedRowsFailed = false,
        LastXid = 0,
        PcieReplays = 0,
        NvLinkActiveLinks = 0,
        PersistenceMode = true,
        MigEnabled = false,
        MigInstances = [],
        Processes = [],
        Synthetic = true,
    };

    /// <summary>Noise of one GPU in one second, -1 to 1.</summary>
    private double Noise(int index, long second)
    {
        const double Span = 1L << 53;
        return ((Mix(_options.Seed, (ulong)index, (ulong)second + 1) >> 11) / Span * 2) - 1;
    }

    /// <summary>SplitMix64's finaliser over the three inputs (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).</summary>
    private static ulong Mix(ulong seed, ulong index, ulong second)
    {
        const ulong Golden = 0x9E3779B97F4A7C15;
        return Finish(Finish(Finish(seed + Golden) ^ (index + Golden)) ^ (second * Golden));
    }

    private static ulong Finish(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
