using System.Globalization;

namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>What a return code means to the reader of a snapshot.</summary>
internal static class NvmlErrors
{
    /// <summary>The reason of one missing field: what was asked, what came back.</summary>
    public static string Describe(NvmlReturn code, string function) => code switch
    {
        NvmlReturn.ExportMissing => $"this NVML has no {function}",
        NvmlReturn.NotSupported => $"not supported by this GPU ({function})",
        NvmlReturn.NoPermission => $"no permission ({function})",
        NvmlReturn.GpuIsLost => $"the GPU is lost ({function})",
        NvmlReturn.ResetRequired => $"the GPU needs a reset ({function})",
        NvmlReturn.CorruptedInforom => $"the GPU's infoROM is corrupted ({function})",
        NvmlReturn.FunctionNotFound => $"the driver lacks the function ({function})",
        NvmlReturn.NoData => $"no data ({function})",
        NvmlReturn.Timeout => $"timeout ({function})",
        _ => string.Create(CultureInfo.InvariantCulture, $"NVML error {(int)code} {code} ({function})"),
    };

    /// <summary>The kind of failure when a call that concerns no single GPU fails.</summary>
    public static GpuSourceResult.Unavailable ToUnavailable(NvmlReturn code, string function)
    {
        var kind = code switch
        {
            NvmlReturn.LibRmVersionMismatch => GpuSourceFailure.DriverMismatch,
            NvmlReturn.Uninitialized or NvmlReturn.DriverNotLoaded => GpuSourceFailure.NotInitialised,
            NvmlReturn.NoPermission or NvmlReturn.OperatingSystem => GpuSourceFailure.NoPermission,
            NvmlReturn.ExportMissing or NvmlReturn.FunctionNotFound => GpuSourceFailure.FunctionMissing,
            _ => GpuSourceFailure.Unknown,
        };
        var reason = code switch
        {
            NvmlReturn.LibRmVersionMismatch => $"the NVML library and the kernel driver are of different versions; reboot or reload the driver ({function})",
            NvmlReturn.Uninitialized => $"NVML lost its session ({function})",
            NvmlReturn.DriverNotLoaded => $"the NVIDIA kernel driver is not loaded ({function})",
            NvmlReturn.NoPermission => $"this user may not talk to the driver ({function})",
            NvmlReturn.OperatingSystem => $"the operating system or its cgroup blocks the GPU's control device ({function})",
            _ => Describe(code, function),
        };
        return new GpuSourceResult.Unavailable(kind, reason);
    }
}
