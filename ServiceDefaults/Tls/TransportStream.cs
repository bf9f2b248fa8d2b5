using System.IO.Pipelines;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>The pipes of a connection as the stream that <see cref="System.Net.Security.SslStream"/> wants below it. Asynchronous only.</summary>
internal sealed class TransportStream(IDuplexPipe transport) : Stream
{
    // The connection's own end: it cancels what is pending when it closes.
    private const string Closing = "The connection is closing.";

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await transport.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
        var available = read.Buffer;
        if (read.IsCanceled)
        {
            transport.Input.AdvanceTo(available.Start);
            throw new OperationCanceledException(Closing);
        }

        // Of nothing to read into, as of an end, nothing is taken: the read only waited.
        var count = (int)Math.Min(available.Length, buffer.Length);
        var taken = available.Slice(0, count);
        var target = buffer.Span;
        foreach (var segment in taken)
        {
            segment.Span.CopyTo(target);
            target = target[segment.Length..];
        }
        transport.Input.AdvanceTo(taken.End);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // At once: a handshake waits for its answer, and a record is large.
        var flush = await transport.Output.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (flush.IsCanceled)
            throw new OperationCanceledException(Closing);
        if (flush.IsCompleted)
            throw new IOException(Closing);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
