using System.ComponentModel.DataAnnotations;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>Section <c>InferMesh:Tls</c>: times of all TLS of a process.</summary>
public sealed class TlsSettings
{
    /// <summary>Path of the section.</summary>
    public const string Section = "InferMesh:Tls";

    /// <summary>How long a handshake may take; a connection that stays silent is closed then. Default 10 s, 0.2 s to 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:02:00")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Time between looks at the certificate files. New ones serve from the next handshake on, and connections of peers that they no longer trust end.
    /// Default 5 s, 0.1 s to 1 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan ReloadPeriod { get; set; } = TimeSpan.FromSeconds(5);
}
