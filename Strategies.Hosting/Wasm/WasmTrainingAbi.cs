using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferMesh.Strategies.Hosting.Wasm;

/// <summary>What <c>im_place</c> gets; the last two numbers and the groups are its answer.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct WasmGang
{
    public uint Version;
    public uint Size;
    public uint Nodes;
    public uint Workers;
    public uint MinWorkers;
    public uint GpusPerWorker;
    public int Required;
    public int Preferred;
    public uint ParameterCount;
    public uint Parameters;
    public uint Room;
    public uint FreeGpus;
    public uint RoomIfEmpty;
    public uint Pace;
    public uint Domains;
    public uint Groups;
    public uint GroupCount;
    public uint Failure;
}

/// <summary>What <c>im_hint</c> gets; what follows the parameters is its answer.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct WasmHint
{
    public uint Version;
    public uint Size;
    public uint Nodes;
    public uint RanksPerNode;
    public double ComputeSeconds;
    public double GradientBytes;
    public double WithinAlphaSeconds;
    public double WithinSecondsPerByte;
    public double BetweenAlphaSeconds;
    public double BetweenSecondsPerByte;
    public uint ParameterCount;
    public uint Parameters;
    public double ExchangeSeconds;
    public long FusionBytes;
    public uint Compress;
    public uint RangeCount;
    public WasmRanges Ranges;
}

/// <summary>Ranges of a hint.</summary>
[InlineArray(Length)]
internal struct WasmRanges
{
    public const int Length = 16;

    private WasmRange _first;
}

/// <summary>From which size on an algorithm is the fastest.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct WasmRange
{
    public long FromBytes;
    public uint Algorithm;
    public uint Reserved;
    public double Seconds;
}
