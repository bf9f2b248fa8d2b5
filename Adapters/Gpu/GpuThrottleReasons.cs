namespace InferMesh.Adapters.Gpu;

/// <summary>Why the clocks of a GPU are below what was asked for; the bits are NVML's clock event reasons.</summary>
/// <remarks>Bits that a newer driver adds are kept as they come, so a value may hold bits without a name.</remarks>
[Flags]
public enum GpuThrottleReasons : ulong
{
    /// <summary>Clocks are as high as they may be.</summary>
    None = 0,

    /// <summary>Nothing runs on the GPU; this is idling, not distress.</summary>
    GpuIdle = 0x1,

    /// <summary>Application clocks are set below the maximum.</summary>
    ApplicationsClocksSetting = 0x2,

    /// <summary>The power limit is reached.</summary>
    SwPowerCap = 0x4,

    /// <summary>Hardware halved the clocks or worse: heat, power brake or too fast a power draw.</summary>
    HwSlowdown = 0x8,

    /// <summary>The GPU keeps pace with a slower GPU of its sync boost group.</summary>
    SyncBoost = 0x10,

    /// <summary>The driver lowers clocks to hold the temperature.</summary>
    SwThermalSlowdown = 0x20,

    /// <summary>Hardware lowers clocks because of heat.</summary>
    HwThermalSlowdown = 0x40,

    /// <summary>The power supply asserted the external power brake.</summary>
    HwPowerBrakeSlowdown = 0x80,

    /// <summary>Display clocks hold the GPU back.</summary>
    DisplayClockSetting = 0x100,
}
