namespace InferMesh.Adapters.Gpu;

/// <summary>Why a GPU source cannot answer at all.</summary>
public enum GpuSourceFailure
{
    /// <summary>A failure that fits no other kind; the reason carries the library's own code.</summary>
    Unknown = 0,

    /// <summary>No vendor library is installed where the loader looks, or at the configured path.</summary>
    LibraryNotFound,

    /// <summary>A file was found, but it is not a loadable NVML.</summary>
    NotNvml,

    /// <summary>The library is an NVML, but too old or too odd: a function that nothing works without is absent.</summary>
    FunctionMissing,

    /// <summary>The user-space library and the kernel driver are of different versions, usually after an upgrade without a reboot.</summary>
    DriverMismatch,

    /// <summary>The library refused to start or lost its session, for example because the kernel driver is not loaded.</summary>
    NotInitialised,

    /// <summary>The process may not talk to the driver.</summary>
    NoPermission,

    /// <summary>The vendor's tool is not installed where the source looks, or at the configured path.</summary>
    ToolNotFound,

    /// <summary>The exporter or tool gave no whole answer: nobody listens, it took too long, it failed, or its answer is too large.</summary>
    NoAnswer,

    /// <summary>An answer came that is not what this source reads.</summary>
    Unreadable,
}
