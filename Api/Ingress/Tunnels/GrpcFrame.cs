using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>A message of a gRPC call as it is on the wire: a flag, a length of four bytes, and the message.</summary>
internal static class GrpcFrame
{
    /// <summary>Bytes before the message.</summary>
    public const int HeadBytes = 5;

    // What a small message may unpack to is work that a client gives for nothing.
    private const long MaxUnpackedBytes = 256L << 20;

    // Field 1 in all messages that name a model, as a text.
    private const ulong ModelTag = (1 << 3) | LengthDelimited;
    private const int LengthDelimited = 2;
    private const int MaxNameBytes = 4096;

    /// <summary>Length of the first frame; -1 when its head is not there yet.</summary>
    public static long LengthOf(ReadOnlySpan<byte> bytes) => bytes.Length < HeadBytes ? -1 : HeadBytes + (long)BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);

    /// <summary>The name in field 1 of the message of a whole frame, compressed or not; "" when it is not there, null when the message cannot be read.</summary>
    public static string? ModelOf(ReadOnlyMemory<byte> frame, string encoding)
    {
        MemoryMarshal.TryGetArray(frame[HeadBytes..], out var message);
        using var stored = new MemoryStream(message.Array!, message.Offset, message.Count, writable: false);
        if (frame.Span[0] == 0) return Scan(stored);
        using Stream? unpacking = encoding switch
        {
            "gzip" => new GZipStream(stored, CompressionMode.Decompress),
            "deflate" => new ZLibStream(stored, CompressionMode.Decompress),
            _ => null,
        };
        if (unpacking is null) return null;
        using var buffered = new BufferedStream(unpacking, 16 * 1024);
        try
        {
            return Scan(buffered);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Goes over the fields of the message without keeping them; the last one of a number counts, as for every reader of protobuf.</summary>
    private static string? Scan(Stream message)
    {
        var left = MaxUnpackedBytes;
        byte[] name = [];
        while (message.ReadByte() is var first and >= 0)
        {
            if (!ReadVarint(message, first, out var tag) || tag >> 3 == 0) return null;
            var skip = 0UL;
            switch ((int)(tag & 7))
            {
                case 0:
                    if (!ReadVarint(message, message.ReadByte(), out _)) return null;
                    break;
                case 1:
                    skip = sizeof(ulong);
                    break;
                case LengthDelimited:
                    if (!ReadVarint(message, message.ReadByte(), out skip)) return null;
                    break;
                case 5:
                    skip = sizeof(uint);
                    break;
                default:
                    return null;
            }
            if (skip > (ulong)left) return null;
            left -= (long)skip + 1;
            if (tag != ModelTag)
            {
                if (!Skip(message, (long)skip)) return null;
                continue;
            }
            if (skip > MaxNameBytes) return null;
            name = new byte[skip];
            if (message.ReadAtLeast(name, name.Length, throwOnEndOfStream: false) < name.Length) return null;
        }
        return Utf8.IsValid(name) ? Encoding.UTF8.GetString(name) : null;
    }

    private static bool Skip(Stream message, long count)
    {
        if (message is MemoryStream stored)
        {
            if (count > stored.Length - stored.Position) return false;
            stored.Position += count;
            return true;
        }
        Span<byte> buffer = stackalloc byte[4096];
        while (count > 0)
        {
            var read = message.Read(buffer[..(int)Math.Min(count, buffer.Length)]);
            if (read == 0) return false;
            count -= read;
        }
        return true;
    }

    private static bool ReadVarint(Stream message, int first, out ulong value)
    {
        value = 0;
        var next = first;
        for (var shift = 0; shift < 70 && next >= 0; shift += 7)
        {
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return true;
            next = message.ReadByte();
        }
        return false;
    }
}
