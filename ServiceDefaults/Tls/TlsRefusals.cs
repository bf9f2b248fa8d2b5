using System.Net;
using Microsoft.Extensions.Logging;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>Counts what is refused, and logs it: one line per place and reason in ten seconds, since a peer may try again and again. Thread-safe.</summary>
internal sealed partial class TlsRefusals(TlsMetrics metrics, TimeProvider time, ILogger<TlsRefusals> logger)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);
    private readonly Dictionary<(string Place, TlsRefusal Reason), (DateTimeOffset LoggedAt, int Since)> _told = [];
    private readonly Lock _gate = new();

    /// <param name="place">Where it happened, such as <c>gateway</c>.</param>
    /// <param name="reason">Why.</param>
    /// <param name="remote">Address of the peer.</param>
    /// <param name="peer">Its id or the serial of its certificate, or what went wrong.</param>
    public void Refuse(string place, TlsRefusal reason, EndPoint? remote, string? peer)
    {
        metrics.Refused(place, Label(reason));
        if (Turn(place, reason) is { } others)
            LogRefused(place, remote, Words(reason), peer is null ? "" : $" ({peer})", others);
    }

    /// <summary>A connection that was good ends, since its peer is no longer.</summary>
    public void End(string place, TlsRefusal reason, EndPoint? remote, string peer)
    {
        metrics.Ended(place, Label(reason));
        LogEnded(place, remote, Words(reason), peer);
    }

    /// <summary>The reason as metrics have it.</summary>
    public static string Label(TlsRefusal reason) => reason switch
    {
        TlsRefusal.NoCertificate => "no_certificate",
        TlsRefusal.UnknownAuthority => "unknown_authority",
        TlsRefusal.Expired => "expired",
        TlsRefusal.WrongPurpose => "wrong_purpose",
        TlsRefusal.Revoked => "revoked",
        TlsRefusal.WrongName => "wrong_name",
        TlsRefusal.Plaintext => "plaintext",
        TlsRefusal.OldVersion => "old_version",
        TlsRefusal.Timeout => "timeout",
        _ => "failed",
    };

    /// <summary>The reason in words.</summary>
    public static string Words(TlsRefusal reason) => reason switch
    {
        TlsRefusal.NoCertificate => "it showed no certificate",
        TlsRefusal.UnknownAuthority => "its certificate is from an unknown authority",
        TlsRefusal.Expired => "its certificate has expired or is not valid yet",
        TlsRefusal.WrongPurpose => "its certificate is for another purpose",
        TlsRefusal.Revoked => "its certificate is revoked",
        TlsRefusal.WrongName => "its SPIFFE id is not allowed here",
        TlsRefusal.Plaintext => "it does not speak TLS",
        TlsRefusal.OldVersion => "it speaks no TLS 1.2 or later",
        TlsRefusal.Timeout => "the handshake did not end in time",
        _ => "the handshake failed",
    };

    // How many were not logged since the last line; null when this one is not to be either.
    private int? Turn(string place, TlsRefusal reason)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (_told.TryGetValue((place, reason), out var told) && now - told.LoggedAt < Quiet)
            {
                _told[(place, reason)] = (told.LoggedAt, told.Since + 1);
                return null;
            }
            _told[(place, reason)] = (now, 0);
            return told.Since;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "TLS of {Place} refused {Remote}: {Reason}{Peer}; {Others} more like it since the last such line")]
    private partial void LogRefused(string place, EndPoint? remote, string reason, string peer, int others);

    [LoggerMessage(Level = LogLevel.Warning, Message = "TLS of {Place} ends the connection of {Remote}: {Reason} ({Peer})")]
    private partial void LogEnded(string place, EndPoint? remote, string reason, string peer);
}
