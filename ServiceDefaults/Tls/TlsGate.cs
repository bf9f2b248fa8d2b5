using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>
/// One place where connections are made over TLS: who is let through by which certificates, and which connections there are. When the certificates change, peers
/// that are no longer trusted lose theirs. Thread-safe.
/// </summary>
internal sealed class TlsGate
{
    private readonly ConcurrentDictionary<ConnectionContext, PeerCertificates> _live = new();
    private readonly CertificateSource _source;
    private readonly TlsRefusals _refusals;

    /// <param name="name">Name in logs and metrics.</param>
    /// <param name="source">The certificates.</param>
    /// <param name="rules">Who may be at the other end; null asks nobody for a certificate.</param>
    /// <param name="handshakeTimeout">How long a handshake may take.</param>
    /// <param name="refusals">Where refusals go.</param>
    public TlsGate(string name, CertificateSource source, PeerRules? rules, TimeSpan handshakeTimeout, TlsRefusals refusals)
    {
        (Name, _source, Rules, HandshakeTimeout, _refusals) = (name, source, rules, handshakeTimeout, refusals);
        source.Changed += Recheck;
    }

    public string Name { get; }

    public PeerRules? Rules { get; }

    public TimeSpan HandshakeTimeout { get; }

    /// <summary>Whether this side connects to others.</summary>
    public bool IsOutbound { get; init; }

    public TlsHandshake Begin() => new(_source.Current, Rules ?? new(false, null));

    public void Refuse(ConnectionContext context, TlsRefusal reason, string? peer) => _refusals.Refuse(Name, reason, context.RemoteEndPoint, peer);

    /// <summary>Keeps an eye on a connection until the result is disposed.</summary>
    public IDisposable? Watch(ConnectionContext context, TlsHandshake handshake)
    {
        if (handshake.Peer is not { } peer)
            return null;
        _live[context] = peer;
        // Certificates that changed during the handshake did not see it yet.
        if (!ReferenceEquals(_source.Current, handshake.Set))
            Recheck(context, peer);
        return new Watched(this, context);
    }

    private void Recheck()
    {
        foreach (var (context, peer) in _live)
            Recheck(context, peer);
    }

    private void Recheck(ConnectionContext context, PeerCertificates peer)
    {
        if (peer.Judge(_source.Current, Rules!, isClient: !IsOutbound) is not { } reason || !_live.TryRemove(context, out _))
            return;
        _refusals.End(Name, reason, context.RemoteEndPoint, peer.Name);
        context.Abort(new ConnectionAbortedException($"TLS: {TlsRefusals.Words(reason)}."));
    }

    private sealed class Watched(TlsGate gate, ConnectionContext context) : IDisposable
    {
        public void Dispose() => gate._live.TryRemove(context, out _);
    }
}
