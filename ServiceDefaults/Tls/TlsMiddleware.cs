using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>
/// TLS as a step of a connection's pipeline, between the socket and whoever speaks over it. A connection that is refused is closed, counted and logged; nobody
/// behind the gate hears of it.
/// </summary>
internal sealed class TlsMiddleware(ConnectionDelegate next, TlsGate gate, TimeProvider time)
{
    /// <summary>A step for connections that others make.</summary>
    public async Task AcceptAsync(ConnectionContext context)
    {
        using var limit = new CancellationTokenSource(gate.HandshakeTimeout, time);
        var handshake = gate.Begin();
        var tls = new TlsTransport(context.Transport);
        await using (tls.ConfigureAwait(false))
        {
            try
            {
                if (await FirstByte.PeekAsync(context.Transport.Input, limit.Token).ConfigureAwait(false) is var first && first != FirstByteKind.Tls)
                {
                    if (first == FirstByteKind.Plaintext)
                        gate.Refuse(context, TlsRefusal.Plaintext, null);
                    return;
                }
                await tls.Stream.AuthenticateAsServerAsync((_, hello, _, _) => ValueTask.FromResult(handshake.Accept(hello, gate.Rules is not null)), null, limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (IsRefusal(e))
            {
                Refuse(context, handshake, handshake.Refusal(limit.IsCancellationRequested), e);
                return;
            }
            await RunAsync(context, handshake, tls).ConfigureAwait(false);
        }
    }

    /// <summary>A step for connections to others.</summary>
    /// <exception cref="AuthenticationException">The other end is not who it should be, or refused.</exception>
    public async Task ConnectAsync(ConnectionContext context)
    {
        using var limit = new CancellationTokenSource(gate.HandshakeTimeout, time);
        var handshake = gate.Begin();
        var tls = new TlsTransport(context.Transport);
        await using (tls.ConfigureAwait(false))
        {
            try
            {
                await tls.Stream.AuthenticateAsClientAsync(handshake.Connect(), limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (IsRefusal(e))
            {
                var reason = handshake.Refusal(limit.IsCancellationRequested);
                Refuse(context, handshake, reason, e);
                throw new AuthenticationException($"TLS with {context.RemoteEndPoint}: {TlsRefusals.Words(reason)}.", e);
            }
            await RunAsync(context, handshake, tls).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(ConnectionContext context, TlsHandshake handshake, TlsTransport tls)
    {
        handshake.Completed = true;
        var plain = context.Transport;
        using var watch = gate.Watch(context, handshake);
        try
        {
            context.Transport = tls;
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            // Who closes the connection closes the sockets' own pipes.
            context.Transport = plain;
        }
    }

    private static bool IsRefusal(Exception exception) => exception is AuthenticationException or IOException or OperationCanceledException or ConnectionAbortedException or InvalidOperationException;

    // Who it was; of a failure without a reason of ours, what the library says.
    private void Refuse(ConnectionContext context, TlsHandshake handshake, TlsRefusal reason, Exception fault) =>
        gate.Refuse(context, reason, handshake.Peer?.Name ?? (reason == TlsRefusal.Failed ? (fault.InnerException ?? fault).Message.ReplaceLineEndings(" ") : null));
}
