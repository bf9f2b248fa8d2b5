using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferMesh.ServiceDefaults.Security;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>Certificates of one moment; immutable. A handshake uses one set from its start to its end.</summary>
internal sealed class CertificateSet
{
    private readonly X509Certificate2Collection? _authorities;
    private readonly RevokedList _revoked;

    public CertificateSet(X509Certificate2 certificate, X509Certificate2Collection chain, X509Certificate2Collection? authorities, RevokedList revoked)
    {
        Certificate = certificate;
        // Offline: what the chain lacks is not fetched from addresses that a certificate names.
        Context = SslStreamCertificateContext.Create(certificate, chain, offline: true);
        _authorities = authorities;
        _revoked = revoked;
    }

    /// <summary>This process's own.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The same with its chain, as handshakes take it.</summary>
    public SslStreamCertificateContext Context { get; }

    public DateTimeOffset ExpiresAt => Certificate.NotAfter.ToUniversalTime();

    /// <summary>How a peer's chain is built: from these authorities alone, without asking anyone.</summary>
    /// <param name="purpose">Extended key usage that it needs.</param>
    public X509ChainPolicy ChainPolicy(Oid purpose)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.ApplicationPolicy.Add(purpose);
        if (_authorities is not null)
            policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }

    /// <summary>Why a peer is refused; null when it is not.</summary>
    /// <param name="peer">Its certificate; null when it showed none.</param>
    /// <param name="chain">Chain, built by <see cref="ChainPolicy"/>.</param>
    /// <param name="rules">Who is let in.</param>
    public TlsRefusal? Judge(X509Certificate2? peer, X509Chain? chain, PeerRules rules)
    {
        if (peer is null)
            return rules.Required ? TlsRefusal.NoCertificate : null;
        var faults = chain is null ? X509ChainStatusFlags.PartialChain : chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (all, status) => all | status.Status);
        const X509ChainStatusFlags Known = X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.NotValidForUsage;
        if ((faults & ~Known) != 0)
            return TlsRefusal.UnknownAuthority;
        if (faults.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return TlsRefusal.Expired;
        if (faults.HasFlag(X509ChainStatusFlags.NotValidForUsage))
            return TlsRefusal.WrongPurpose;
        // An authority in between may be on the list as well.
        if (chain!.ChainElements.Any(element => _revoked.Contains(element.Certificate)))
            return TlsRefusal.Revoked;
        return rules.Allow(SpiffeId.Of(peer)) ? null : TlsRefusal.WrongName;
    }
}
