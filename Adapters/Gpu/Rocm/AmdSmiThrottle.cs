using InferMesh.Adapters.Gpu.Tools;

namespace InferMesh.Adapters.Gpu.Rocm;

/// <summary>Turns AMD's throttle states into the reasons that readings carry.</summary>
internal static class AmdSmiThrottle
{
    private static readonly (string Path, GpuThrottleReasons Reason)[] Violations =
    [
        ("throttle>ppt_violation_status", GpuThrottleReasons.SwPowerCap),
        ("throttle>prochot_violation_status", GpuThrottleReasons.HwSlowdown),
        ("throttle>socket_thermal_violation_status", GpuThrottleReasons.HwThermalSlowdown),
        ("throttle>vr_thermal_violation_status", GpuThrottleReasons.HwThermalSlowdown),
        ("throttle>hbm_thermal_violation_status", GpuThrottleReasons.HwThermalSlowdown),
    ];

    /// <summary>The reasons in force; null when the tool does not know, which is noted.</summary>
    public static GpuThrottleReasons? Of(ToolFieldReader read)
    {
        const string Field = nameof(GpuReading.ThrottleReasons), Status = "power>throttle_status";
        GpuThrottleReasons? reasons = null;
        foreach (var (path, reason) in Violations)
        {
            if (read.Flag(Field, path) is { } active)
                reasons = (reasons ?? GpuThrottleReasons.None) | (active ? reason : GpuThrottleReasons.None);
        }
        if (reasons is not null)
            return reasons;
        return read.Text(Field, Status) switch
        {
            "UNTHROTTLED" => GpuThrottleReasons.None,
            // Older boards say that they throttle, not why.
            "THROTTLED" => GpuThrottleReasons.HwSlowdown,
            _ => null,
        };
    }
}
