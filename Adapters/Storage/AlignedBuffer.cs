using System.Runtime.InteropServices;

namespace InferMesh.Adapters.Storage;

/// <summary>Memory that begins where reads around the page cache want it to.</summary>
internal sealed class AlignedBuffer
{
    /// <summary>A multiple of the blocks of all devices in use.</summary>
    public const int Alignment = 4096;

    private readonly byte[] _bytes;
    private readonly int _start;
    private readonly int _length;

    public AlignedBuffer(int length)
    {
        _bytes = GC.AllocateUninitializedArray<byte>(length + Alignment, pinned: true);
        _start = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, 0) & (Alignment - 1));
        _length = length;
    }

    public Span<byte> Span => _bytes.AsSpan(_start, _length);
}
