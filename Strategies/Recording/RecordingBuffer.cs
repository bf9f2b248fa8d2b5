using System.Buffers.Binary;
using System.Text;

namespace InferMesh.Strategies.Recording;

/// <summary>Bytes of a block while it is written.</summary>
internal sealed class RecordingBuffer
{
    private byte[] _bytes = new byte[1 << 16];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Room that the caller fills.</summary>
    public Span<byte> Take(int bytes)
    {
        if (Length + bytes > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + bytes));
        var room = _bytes.AsSpan(Length, bytes);
        Length += bytes;
        return room;
    }

    public void Byte(byte value) => Take(1)[0] = value;

    /// <summary>Seven bits a byte, the low ones first (LEB128).</summary>
    public void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }
        Byte((byte)value);
    }

    public void Count(int value) => Varint((ulong)(uint)value);

    /// <summary>Zigzag: small numbers of both signs are short.</summary>
    public void Signed(long value) => Varint((ulong)(value << 1) ^ (ulong)(value >> 63));

    public void Fixed(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    public void Double(double value) => Fixed(BitConverter.DoubleToUInt64Bits(value));

    /// <summary>A number that is often a small count: one or two bytes then, nine otherwise. Every bit survives.</summary>
    public void Number(double value)
    {
        var count = (uint)Math.Clamp(value, 0, int.MaxValue);
        if (BitConverter.DoubleToUInt64Bits(count) == BitConverter.DoubleToUInt64Bits(value))
        {
            Varint(((ulong)count << 1) | 1);
            return;
        }
        Byte(0);
        Double(value);
    }

    public void Text(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Count(bytes);
        Encoding.UTF8.GetBytes(text, Take(bytes));
    }

    public void Texts(IReadOnlyList<string> texts)
    {
        Count(texts.Count);
        for (var i = 0; i < texts.Count; i++) Text(texts[i]);
    }
}
