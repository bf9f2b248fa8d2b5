using System.IO.Pipelines;
using System.Net.Security;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>A connection's transport with TLS between it and the pipes that its user reads and writes.</summary>
internal sealed class TlsTransport : IDuplexPipe, IAsyncDisposable
{
    // One record: what is read at once, and what is sent as one (RFC 8446, 5.1).
    private const int RecordBytes = 16 * 1024;

    public TlsTransport(IDuplexPipe transport)
    {
        Stream = new SslStream(new TransportStream(transport), leaveInnerStreamOpen: false);
        Input = PipeReader.Create(Stream, new StreamPipeReaderOptions(bufferSize: RecordBytes, minimumReadSize: RecordBytes / 4, leaveOpen: true));
        Output = PipeWriter.Create(Stream, new StreamPipeWriterOptions(minimumBufferSize: RecordBytes, leaveOpen: true));
    }

    public SslStream Stream { get; }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public async ValueTask DisposeAsync()
    {
        await Input.CompleteAsync().ConfigureAwait(false);
        try
        {
            // Sends what is left, when there is someone to send it to.
            await Output.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The connection is gone, and so is what nobody waits for.
        }
        await Stream.DisposeAsync().ConfigureAwait(false);
    }
}
