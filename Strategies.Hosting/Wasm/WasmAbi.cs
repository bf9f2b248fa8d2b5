using System.Runtime.InteropServices;

namespace InferMesh.Strategies.Hosting.Wasm;

/// <summary>The binary interface of WASM plugins, version 1: little-endian records in linear memory, described in docs/plugins.md and in the header of the C kit.</summary>
internal static class WasmAbi
{
    public const int Version = 1;

    /// <summary>Module of the functions that the host offers.</summary>
    public const string HostModule = "infermesh";

    /// <summary>Bit of what <c>im_columns</c> returns that asks for the hashes of the prompt's blocks.</summary>
    public const int PrefixBit = 62;

    /// <summary>Most bytes of one line that a plugin logs.</summary>
    public const int MaxLogBytes = 256;
}

/// <summary>What a ranking call gets.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct WasmBatch
{
    public uint Version;
    public uint Size;
    public uint Targets;
    public uint ColumnCount;
    public uint Columns;
    public uint ParameterCount;
    public uint Parameters;
    public uint RequestCount;
    public uint RequestSize;
    public uint Requests;
    public long NowTicks;
}

/// <summary>One request of a batch.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct WasmRequest
{
    public ulong Sequence;
    public ulong Seed;
    public long PayloadBytes;
    public ulong Model;
    public ulong Tenant;
    public ulong SloClass;
    public ulong Session;
    public uint PromptTokens;
    public uint OutputTokens;
    public uint Verdicts;
    public uint PrefixCount;
    public uint Prefix;
    public uint Wanted;
    public uint Picks;
    public uint Count;
}

/// <summary>One pick.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct WasmPick
{
    public uint Target;
    public uint Reserved;
    public double Score;
}
