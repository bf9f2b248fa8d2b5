using System.IO.Pipelines;
using System.Net;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>The client's side of a stream: the first message, which may be sent to several targets in turn, and then what else the client sends, which can be sent only once.</summary>
internal sealed class GrpcRequestContent(ReadOnlyMemory<byte> first, PipeReader rest, IdleLimit limit) : HttpContent
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
    private Task _sending = Task.CompletedTask;
    private volatile bool _tookMore;

    /// <summary>More than the first message was taken from the client: nobody else can be asked.</summary>
    public bool TookMore => _tookMore;

    /// <summary>Takes nothing more from the client, from the return on.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _sending;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, cancellationToken);
        var sending = SendAsync(stream, stop.Token);
        _sending = sending.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await sending;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _stop.Dispose();
        base.Dispose(disposing);
    }

    private async Task SendAsync(Stream stream, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(first, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        while (true)
        {
            var read = await rest.ReadAsync(cancellationToken);
            if (!read.Buffer.IsEmpty) _tookMore = true;
            foreach (var part in read.Buffer) await stream.WriteAsync(part, cancellationToken);
            rest.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return;
            limit.Touch();
            await stream.FlushAsync(cancellationToken);
        }
    }
}
