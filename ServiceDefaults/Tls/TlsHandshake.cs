using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using InferMesh.ServiceDefaults.Security;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>One handshake: the set it uses, what became known of the peer, and why it was refused.</summary>
internal sealed class TlsHandshake(CertificateSet set, PeerRules rules)
{
    private TlsRefusal? _refusal;
    private bool _offersOnlyOldVersions;
    private volatile bool _completed;

    public CertificateSet Set => set;

    /// <summary>The peer's certificates, its own first; null when it showed none.</summary>
    public PeerCertificates? Peer { get; private set; }

    /// <summary>Whether it ended well; read by whoever keeps the time.</summary>
    public bool Completed
    {
        get => _completed;
        set => _completed = value;
    }

    /// <summary>As the side that was connected to.</summary>
    /// <param name="hello">What the client offers.</param>
    /// <param name="wantsCertificate">Whether it is asked for a certificate.</param>
    public SslServerAuthenticationOptions Accept(SslClientHelloInfo hello, bool wantsCertificate)
    {
        _offersOnlyOldVersions = (hello.SslProtocols & TlsProfile.Protocols) == SslProtocols.None;
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = set.Context,
            EnabledSslProtocols = TlsProfile.Protocols,
            CipherSuitesPolicy = TlsProfile.CipherSuites,
            AllowRenegotiation = false,
        };
        if (!wantsCertificate)
            return options;
        // A session that is resumed would not be judged by the list of today.
        options.AllowTlsResume = false;
        options.ClientCertificateRequired = true;
        options.CertificateChainPolicy = set.ChainPolicy(TlsProfile.ClientPurpose);
        options.RemoteCertificateValidationCallback = (_, certificate, chain, _) => Judge(certificate, chain);
        return options;
    }

    /// <summary>As the side that connects. The peer's name is its SPIFFE id: addresses of silos come and go.</summary>
    public SslClientAuthenticationOptions Connect() => new()
    {
        TargetHost = "",
        ClientCertificateContext = set.Context,
        EnabledSslProtocols = TlsProfile.Protocols,
        CipherSuitesPolicy = TlsProfile.CipherSuites,
        AllowRenegotiation = false,
        AllowTlsResume = false,
        CertificateChainPolicy = set.ChainPolicy(TlsProfile.ServerPurpose),
        RemoteCertificateValidationCallback = (_, certificate, chain, _) => Judge(certificate, chain),
    };

    /// <summary>Why it did not end well.</summary>
    /// <param name="timedOut">Whether its time was over.</param>
    public TlsRefusal Refusal(bool timedOut) =>
        _refusal ?? (timedOut ? TlsRefusal.Timeout : _offersOnlyOldVersions ? TlsRefusal.OldVersion : TlsRefusal.Failed);

    private bool Judge(X509Certificate? certificate, X509Chain? chain)
    {
        var peer = certificate as X509Certificate2;
        Peer = peer is null ? null : PeerCertificates.Of(peer, chain);
        _refusal = set.Judge(peer, chain, rules);
        return _refusal is null;
    }
}

/// <summary>A peer's certificates as bytes: they outlive the handshake's own objects, and wait to be judged again.</summary>
/// <param name="Name">Its SPIFFE id, or the serial number; safe to log.</param>
/// <param name="Certificates">Its own first, then its authorities.</param>
internal sealed record PeerCertificates(string Name, IReadOnlyList<byte[]> Certificates)
{
    public static PeerCertificates Of(X509Certificate2 peer, X509Chain? chain) => new(
        SpiffeId.Of(peer)?.ToString() ?? $"serial {peer.SerialNumber}",
        [peer.RawData, .. chain is null ? [] : chain.ChainElements.Skip(1).Select(static element => element.Certificate.RawData)]);

    /// <summary>
    /// Judges it by another set. Time does not matter: a peer that has renewed its certificate shows it when it connects next, and cutting it off meanwhile would
    /// help nobody.
    /// </summary>
    public TlsRefusal? Judge(CertificateSet set, PeerRules rules, bool isClient)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy = set.ChainPolicy(isClient ? TlsProfile.ClientPurpose : TlsProfile.ServerPurpose);
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        X509Certificate2[] all = [.. Certificates.Select(static data => X509CertificateLoader.LoadCertificate(data))];
        try
        {
            chain.ChainPolicy.ExtraStore.AddRange(all[1..]);
            chain.Build(all[0]);
            var refusal = set.Judge(all[0], chain, rules);
            return refusal == TlsRefusal.Expired ? null : refusal;
        }
        finally
        {
            foreach (var certificate in all)
                certificate.Dispose();
            foreach (var element in chain.ChainElements)
                element.Certificate.Dispose();
        }
    }
}
