using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace InferMesh.Strategies.Recording;

/// <summary>
/// Form of a recording: a folder of files that each stand alone. A file is a header and blocks; a block is a length, a checksum and events. All numbers are little-endian; the events are
/// described in <c>docs/replay-decisions.md</c>.
/// </summary>
public static class RecordingFormat
{
    /// <summary>Version that this code writes. It reads the earlier ones as well: 1 did not say which plugin ranked, or whether its fallback did.</summary>
    public const int Version = 2;

    private const int OldestVersion = 1;

    /// <summary>How the names of files end.</summary>
    public const string Extension = ".imdr";

    /// <summary>Bytes of the header of a file.</summary>
    internal const int HeaderBytes = 48;

    /// <summary>Bytes of the header of a block.</summary>
    internal const int BlockHeaderBytes = 16;

    private static ReadOnlySpan<byte> Magic => "IMDR"u8;

    /// <summary>Name of a file: names in order are files in order.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="file">Number of the file, from 0.</param>
    public static string FileName(ulong recording, int file) => string.Create(CultureInfo.InvariantCulture, $"decisions-{recording:x16}-{file:d6}{Extension}");

    internal static void WriteHeader(Span<byte> to, in RecordingHeader header)
    {
        Magic.CopyTo(to);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], header.Recording);
        BinaryPrimitives.WriteInt32LittleEndian(to[16..], header.File);
        BinaryPrimitives.WriteInt32LittleEndian(to[20..], header.Synthetic ? 1 : 0);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], header.StartedTicks);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], header.FirstDecision);
        BinaryPrimitives.WriteInt32LittleEndian(to[40..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(to[44..], Checksum(to[..44]));
    }

    /// <summary>Reads the header of a file; false when it is none, or of another version: the text says which.</summary>
    internal static bool TryReadHeader(ReadOnlySpan<byte> from, out RecordingHeader header, out string problem)
    {
        header = default;
        problem = "";
        if (from.Length < HeaderBytes || !from.StartsWith(Magic)) problem = "is no recording of decisions: it does not begin with IMDR";
        else if (BinaryPrimitives.ReadInt32LittleEndian(from[4..]) is var version and (< OldestVersion or > Version)) problem = $"is a recording of version {version}; this program reads versions {OldestVersion} to {Version}";
        else if (BinaryPrimitives.ReadUInt32LittleEndian(from[44..]) != Checksum(from[..44])) problem = "has a damaged header: its checksum does not hold";
        if (problem.Length > 0) return false;
        header = new(
            BinaryPrimitives.ReadUInt64LittleEndian(from[8..]), BinaryPrimitives.ReadInt32LittleEndian(from[16..]), BinaryPrimitives.ReadInt32LittleEndian(from[20..]) == 1,
            BinaryPrimitives.ReadInt64LittleEndian(from[24..]), BinaryPrimitives.ReadInt64LittleEndian(from[32..]))
        {
            Version = BinaryPrimitives.ReadInt32LittleEndian(from[4..]),
        };
        return true;
    }

    /// <summary>CRC-32C (Castagnoli), as iSCSI and ext4 have it.</summary>
    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}

/// <summary>What a file says of itself.</summary>
/// <param name="Recording">Which recording it is of.</param>
/// <param name="File">Its number there, from 0.</param>
/// <param name="Synthetic">Whether a simulator made it.</param>
/// <param name="StartedTicks">When it was begun, UTC ticks.</param>
/// <param name="FirstDecision">Number of the first decision in it.</param>
public readonly record struct RecordingHeader(ulong Recording, int File, bool Synthetic, long StartedTicks, long FirstDecision)
{
    /// <summary>Version of its form.</summary>
    public int Version { get; init; } = RecordingFormat.Version;
}

/// <summary>Events of a block. Each begins with one of these as a byte.</summary>
internal enum RecordedEvent : byte
{
    /// <summary>All of a request but its sizes; numbered in order from 0.</summary>
    Shape = 1,

    /// <summary>A strategy and its parameters; numbered in order.</summary>
    Strategy,

    /// <summary>What holds for a request; numbered in order.</summary>
    Policy,

    /// <summary>All targets of a model as one router sees them.</summary>
    Set,

    /// <summary>What differs in the next table.</summary>
    Rows,

    /// <summary>A newer reading of a target of a tracked set.</summary>
    Reading,

    /// <summary>A report of a cell of a tracked set.</summary>
    Refreshed,

    /// <summary>A target of a tracked set follows the reports of its cell, or does not.</summary>
    Followed,

    /// <summary>A local counter has another value.</summary>
    Counter,

    /// <summary>A decision.</summary>
    Decision,

    /// <summary>A strategy was told that a request was sent.</summary>
    Sent,

    /// <summary>A strategy was told what came of a request.</summary>
    Learned,

    /// <summary>How a request ended.</summary>
    Ended,

    /// <summary>Why fallbacks of plugins answer; numbered in order.</summary>
    Reason,
}

/// <summary>How a recorded request ended.</summary>
public enum RecordedStatus : byte
{
    /// <summary>Answered.</summary>
    Success = 0,

    /// <summary>Failed.</summary>
    Error,

    /// <summary>Given up after a time.</summary>
    Timeout,

    /// <summary>Turned away by the target.</summary>
    Rejected,

    /// <summary>Called off by the client.</summary>
    Cancelled,

    /// <summary>Nobody said; its reservation ran out.</summary>
    Unknown,
}

/// <summary>Takes the blocks of a recording.</summary>
public interface IRecordingSink
{
    /// <summary>Takes bytes to be appended, or refuses them at once: a router must not wait for a disk.</summary>
    /// <param name="bytes">Bytes, whole blocks; the sink's own from now on.</param>
    /// <param name="file">Number of the file they belong to.</param>
    /// <param name="begins">Whether they are the first of it.</param>
    /// <param name="decisions">Decisions in them.</param>
    /// <returns>False when there is no room: then the recorder drops them, and begins a new file.</returns>
    bool TryWrite(byte[] bytes, int file, bool begins, int decisions);
}
