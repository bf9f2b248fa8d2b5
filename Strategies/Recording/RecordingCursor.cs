using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace InferMesh.Strategies.Recording;

/// <summary>Reads what <see cref="RecordingBuffer"/> wrote. The checksum held: what does not fit is a bug or a forgery, and ends the file.</summary>
internal ref struct RecordingCursor(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly bool IsAtEnd => _at == _bytes.Length;

    /// <exception cref="FormatException">There are fewer bytes.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte Byte()
    {
        if (_at >= _bytes.Length) throw Short();
        return _bytes[_at++];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Varint()
    {
        var first = Byte();
        return first < 0x80 ? first : Longer(first);
    }

    private ulong Longer(ulong value)
    {
        value &= 0x7F;
        for (var shift = 7; shift < 64; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw new FormatException("a number is longer than 64 bits");
    }

    /// <summary>A number below a limit.</summary>
    public int Count(int limit)
    {
        var value = Varint();
        return value < (ulong)limit ? (int)value : throw new FormatException($"{value} where less than {limit} can be");
    }

    /// <summary>A number of things of which each takes a byte or more.</summary>
    public int Length() => Count(_bytes.Length - _at + 1);

    public int Int() => Count(int.MaxValue);

    public long Signed()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public ulong Fixed()
    {
        if (_bytes.Length - _at < sizeof(ulong)) throw Short();
        var value = BinaryPrimitives.ReadUInt64LittleEndian(_bytes[_at..]);
        _at += sizeof(ulong);
        return value;
    }

    public double Double() => BitConverter.UInt64BitsToDouble(Fixed());

    public double Number()
    {
        var value = Varint();
        if (value == 0) return Double();
        return (value & 1) == 1 ? value >> 1 : throw new FormatException($"{value} is no number of a reading");
    }

    public string Text()
    {
        var length = Length();
        var text = Encoding.UTF8.GetString(_bytes.Slice(_at, length));
        _at += length;
        return text;
    }

    public string[] Texts()
    {
        var texts = new string[Length()];
        for (var i = 0; i < texts.Length; i++) texts[i] = Text();
        return texts;
    }

    private static FormatException Short() => new("a block ends within an event");
}
