namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>Return codes of NVML (nvmlReturn_t) that are told apart here; others pass through as numbers.</summary>
internal enum NvmlReturn
{
    Success = 0,
    Uninitialized = 1,
    InvalidArgument = 2,
    NotSupported = 3,
    NoPermission = 4,
    NotFound = 6,
    InsufficientSize = 7,
    DriverNotLoaded = 9,
    Timeout = 10,
    FunctionNotFound = 13,
    CorruptedInforom = 14,
    GpuIsLost = 15,
    ResetRequired = 16,
    OperatingSystem = 17,
    LibRmVersionMismatch = 18,
    InUse = 19,
    Memory = 20,
    NoData = 21,
    ArgumentVersionMismatch = 25,
    Unknown = 999,

    /// <summary>Not NVML's: the library exports no such function. Kept apart from 13, which a present function can answer.</summary>
    ExportMissing = -1,
}
