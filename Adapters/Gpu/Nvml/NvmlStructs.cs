using System.Runtime.InteropServices;

namespace InferMesh.Adapters.Gpu.Nvml;

// Layouts follow NVIDIA's NVML API reference (https://docs.nvidia.com/deploy/nvml-api/), natural alignment.

/// <summary>nvmlMemory_t: bytes; used includes the driver's reserve.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemory
{
    public ulong Total;
    public ulong Free;
    public ulong Used;
}

/// <summary>nvmlMemory_v2_t: bytes; total = reserved + free + allocated.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemoryV2
{
    public uint Version;
    public ulong Total;
    public ulong Reserved;
    public ulong Free;
    public ulong Used;

    /// <summary>NVML's versioned structs carry their size in the low 24 bits and their version in the high 8.</summary>
    public static unsafe uint ExpectedVersion => (uint)sizeof(NvmlMemoryV2) | (2u << 24);
}

/// <summary>nvmlUtilization_t: per cent.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlUtilization
{
    public uint Gpu;
    public uint Memory;
}

/// <summary>nvmlPciInfo_t as nvmlDeviceGetPciInfo_v3 fills it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NvmlPciInfo
{
    public const int BusIdLength = 32;

    public fixed byte BusIdLegacy[16];
    public uint Domain;
    public uint Bus;
    public uint Device;
    public uint PciDeviceId;
    public uint PciSubSystemId;
    public fixed byte BusId[BusIdLength];
}

/// <summary>nvmlProcessInfo_v2_t, which is what the _v3 process functions fill.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlProcessInfo
{
    /// <summary>NVML_VALUE_NOT_AVAILABLE: the driver does not manage the memory itself, as under WDDM.</summary>
    public const ulong MemoryNotAvailable = ulong.MaxValue;

    /// <summary>The instance ids of a process that runs outside MIG.</summary>
    public const uint NoInstance = uint.MaxValue;

    public uint Pid;
    public ulong UsedGpuMemory;
    public uint GpuInstanceId;
    public uint ComputeInstanceId;
}

/// <summary>nvmlDeviceAttributes_t as nvmlDeviceGetAttributes_v2 fills it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlDeviceAttributes
{
    public uint MultiprocessorCount;
    public uint SharedCopyEngineCount;
    public uint SharedDecoderCount;
    public uint SharedEncoderCount;
    public uint SharedJpegCount;
    public uint SharedOfaCount;
    public uint GpuInstanceSliceCount;
    public uint ComputeInstanceSliceCount;
    public ulong MemorySizeMb;
}

/// <summary>nvmlFieldValue_t: one of the values that are asked for by number.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlFieldValue
{
    public NvmlField Field;
    public uint Scope;
    public long TimestampMicroseconds;
    public long LatencyMicroseconds;
    public NvmlValueType Type;
    public NvmlReturn Return;
    public ulong Bits;

    /// <summary>The value as a number from 0; null for a type that has no business here, or a negative number.</summary>
    public readonly long? Whole => Type switch
    {
        NvmlValueType.UnsignedInt => (uint)Bits,
        NvmlValueType.UnsignedShort => (ushort)Bits,
        NvmlValueType.SignedInt => (int)Bits is >= 0 and var value ? value : null,
        NvmlValueType.UnsignedLong or NvmlValueType.UnsignedLongLong or NvmlValueType.SignedLongLong => Bits <= long.MaxValue ? (long)Bits : null,
        _ => null,
    };
}

/// <summary>nvmlValueType_t.</summary>
internal enum NvmlValueType : uint
{
    Double = 0,
    UnsignedInt = 1,
    UnsignedLong = 2,
    UnsignedLongLong = 3,
    SignedLongLong = 4,
    SignedInt = 5,
    UnsignedShort = 6,
}

/// <summary>NVML_FI_DEV_*: the numbers of values.</summary>
internal enum NvmlField : uint
{
    RetiredSingleBit = 29,
    RetiredDoubleBit = 30,
    RetiredPending = 31,
    MemoryTemperature = 82,
    NvLinkCount = 91,
    NvLinkThroughputDataTx = 138,
    NvLinkThroughputDataRx = 139,
}

/// <summary>nvmlPcieUtilCounter_t.</summary>
internal enum NvmlPcieCounter : uint
{
    TxBytes = 0,
    RxBytes = 1,
}

/// <summary>nvmlNvLinkErrorCounter_t.</summary>
internal enum NvmlNvLinkError : uint
{
    Replay = 0,
    Recovery = 1,
    CrcFlit = 2,
    CrcData = 3,
}

/// <summary>nvmlEventData_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlEventData
{
    public nint Device;
    public ulong Type;
    public ulong Data;
    public uint GpuInstanceId;
    public uint ComputeInstanceId;
}

/// <summary>nvmlClockType_t.</summary>
internal enum NvmlClock : uint
{
    Sm = 1,
    Memory = 2,
}

/// <summary>nvmlMemoryErrorType_t.</summary>
internal enum NvmlEccError : uint
{
    Corrected = 0,
    Uncorrected = 1,
}

/// <summary>nvmlEccCounterType_t.</summary>
internal enum NvmlEccCounter : uint
{
    Volatile = 0,
    Aggregate = 1,
}
