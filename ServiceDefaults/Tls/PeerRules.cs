using InferMesh.ServiceDefaults.Security;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>Who may be at the other end.</summary>
/// <param name="Required">Whether a peer must show a certificate; one that it shows must be good in any case.</param>
/// <param name="Ids">Names, one of which it must have; null where the name is judged later, by what it asks for.</param>
internal sealed record PeerRules(bool Required, IReadOnlyList<SpiffePattern>? Ids)
{
    /// <summary>A certificate with one of these names.</summary>
    public static PeerRules Named(IEnumerable<string> patterns) => new(true, [.. patterns.Select(static text => SpiffePattern.TryParse(text, out var pattern) ? pattern : throw new FormatException($"{text} is no SPIFFE id"))]);

    public bool Allow(SpiffeId? id) => Ids is null || (id is not null && Ids.Any(pattern => pattern.Matches(id)));
}

/// <summary>Why a connection is refused; its name in metrics is <see cref="TlsRefusals.Label"/>.</summary>
internal enum TlsRefusal
{
    /// <summary>The peer showed no certificate.</summary>
    NoCertificate,

    /// <summary>Its certificate is not from an authority that is trusted here.</summary>
    UnknownAuthority,

    /// <summary>Its certificate, or one of its authorities, has expired or is not valid yet.</summary>
    Expired,

    /// <summary>Its certificate is for something else, such as servers only.</summary>
    WrongPurpose,

    /// <summary>Its certificate is on the list of revoked ones.</summary>
    Revoked,

    /// <summary>Its SPIFFE id is not allowed here, or there is none.</summary>
    WrongName,

    /// <summary>It does not speak TLS.</summary>
    Plaintext,

    /// <summary>It speaks no TLS 1.2 or later.</summary>
    OldVersion,

    /// <summary>The handshake did not end in time.</summary>
    Timeout,

    /// <summary>Anything else, such as no cipher suite in common, or the peer refused.</summary>
    Failed,
}
