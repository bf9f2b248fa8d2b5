using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace InferMesh.Adapters.Storage;

/// <summary>The temporary file of one measurement; it is gone when this is disposed.</summary>
internal sealed class ProbeFile : IDisposable
{
    private const int ChunkBytes = 1 << 20;

    private readonly string _path;
    private readonly long _bytes;
    private readonly SafeFileHandle _handle;
    private readonly AlignedBuffer _buffer;

    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be made.</exception>
    public ProbeFile(string folder, long bytes)
    {
        _bytes = bytes / AlignedBuffer.Alignment * AlignedBuffer.Alignment;
        _buffer = new AlignedBuffer((int)Math.Min(ChunkBytes, _bytes));
        // What never repeats can be neither compressed nor stored once for all.
        Random.Shared.NextBytes(_buffer.Span);
        // A new file of a name that nobody can guess: in a folder that others write to, no link lies in wait under it.
        _path = Path.Combine(folder, $".infermesh-probe-{Guid.NewGuid():N}");
        _handle = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.DeleteOnClose);
    }

    /// <summary>Writes one block and waits until it is on stable storage.</summary>
    /// <returns>Seconds.</returns>
    public double WriteBlock()
    {
        var started = Stopwatch.GetTimestamp();
        RandomAccess.Write(_handle, _buffer.Span[..AlignedBuffer.Alignment], 0);
        RandomAccess.FlushToDisk(_handle);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Writes the whole file and waits until it is on stable storage.</summary>
    /// <returns>Bytes per second.</returns>
    public double Write(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        for (var at = 0L; at < _bytes; at += _buffer.Span.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            BitConverter.TryWriteBytes(_buffer.Span, at ^ Random.Shared.NextInt64());
            RandomAccess.Write(_handle, Chunk(at), at);
        }
        RandomAccess.FlushToDisk(_handle);
        return _bytes / Seconds(started);
    }

    /// <summary>Reads the whole file.</summary>
    /// <param name="direct">Around the page cache, where the file system can.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Seconds to the first block, bytes per second, and whether the page cache was left out.</returns>
    /// <exception cref="IOException">The file is not what was written.</exception>
    public (double FirstByteSeconds, double BytesPerSecond, bool Direct) Read(bool direct, CancellationToken cancellationToken)
    {
        using var around = direct ? DirectFile.TryOpen(_path) : null;
        var handle = around ?? _handle;
        var started = Stopwatch.GetTimestamp();
        if (RandomAccess.Read(handle, _buffer.Span[..AlignedBuffer.Alignment], 0) == 0)
            throw new IOException("the file that was written is empty");
        var first = Seconds(started);
        for (long at = AlignedBuffer.Alignment, read; at < _bytes; at += read)
        {
            cancellationToken.ThrowIfCancellationRequested();
            read = RandomAccess.Read(handle, Chunk(at), at);
            if (read == 0)
                throw new IOException($"the file that was written ends after {at} of {_bytes} bytes");
        }
        return (first, _bytes / Seconds(started), around is not null);
    }

    public void Dispose() => _handle.Dispose();

    private Span<byte> Chunk(long at) => _buffer.Span[..(int)Math.Min(_buffer.Span.Length, _bytes - at)];

    /// <summary>Never zero: a clock may be coarser than a small file.</summary>
    private static double Seconds(long started) => Math.Max(Stopwatch.GetElapsedTime(started).TotalSeconds, 1e-9);
}
