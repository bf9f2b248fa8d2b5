using System.ComponentModel.DataAnnotations;
using InferMesh.ServiceDefaults.Tls;

namespace InferMesh.Silo.Options;

/// <summary>Where the list of the cluster's silos is kept.</summary>
internal enum ClusterProvider
{
    /// <summary>In the memory of one silo of this machine; for development.</summary>
    Localhost,

    /// <summary>In Redis, <c>ConnectionStrings:redis</c>.</summary>
    Redis,
}

/// <summary>Section <c>InferMesh:Cluster</c>: who belongs to the cluster, where this silo listens, how fast a dead silo is noticed.</summary>
internal sealed class ClusterSettings : IValidatableObject
{
    public const string Section = "InferMesh:Cluster";

    /// <summary>Silos and clients with the same id find each other. Default <c>infermesh-dev</c>.</summary>
    [Required, StringLength(150, MinimumLength = 1, ErrorMessage = "must be 1 to 150 characters")]
    public string ClusterId { get; set; } = "infermesh-dev";

    /// <summary>Names the data in storage; it must stay the same over the life of the data. Default <c>infermesh</c>.</summary>
    [Required, StringLength(150, MinimumLength = 1, ErrorMessage = "must be 1 to 150 characters")]
    public string ServiceId { get; set; } = "infermesh";

    /// <summary>Localhost (default) or Redis.</summary>
    public ClusterProvider Provider { get; set; } = ClusterProvider.Localhost;

    /// <summary>TCP port for other silos, 1 to 65535. Default 11111.</summary>
    [Range(1, 65535)]
    public int SiloPort { get; set; } = 11111;

    /// <summary>TCP port for clients, 0 (no gateway) to 65535. Default 30000.</summary>
    [Range(0, 65535)]
    public int GatewayPort { get; set; } = 30000;

    /// <summary>The address that other silos and clients reach this silo at. Default 127.0.0.1.</summary>
    [IpAddress]
    public string AdvertisedIPAddress { get; set; } = "127.0.0.1";

    /// <summary>Listen on all interfaces instead of the advertised address only. Default false.</summary>
    public bool ListenOnAnyAddress { get; set; }

    /// <summary>Localhost only: the silo port of the silo that keeps the list, 1 to 65535. Default: this silo.</summary>
    [Range(1, 65535)]
    public int? PrimarySiloPort { get; set; }

    /// <summary>How long a silo waits for the answer to a liveness probe, and the time between probes. Default 1 s, 0.1 s to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Missed probes after which a silo votes another dead, 1 to 20. Default 2.</summary>
    [Range(1, 20)]
    public int NumMissedProbesLimit { get; set; } = 2;

    /// <summary>
    /// Votes that declare a silo dead, 1 to 10; no more than half of the silos are needed in any case. Default 2: with 1, a silo that is cut off from the others and not from Redis could declare all of them dead.
    /// </summary>
    [Range(1, 10)]
    public int NumVotesForDeathDeclaration { get; set; } = 2;

    /// <summary>
    /// Time between reads of the membership list where gossip did not arrive; what lived on a dead silo begins anew elsewhere no sooner than that after it was found dead. Default 2 s, 1 s to 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan TableRefreshTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a grain call may take before its caller gets a TimeoutException; bounds how long a call hangs on a dead silo. Default 5 s, 0.5 s to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:05:00")]
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time for draining and leaving the cluster after SIGTERM, before the process ends anyway. Default 20 s, 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan GracefulStopTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Mutual TLS of the cluster's connections. Default: off.</summary>
    public ClusterTlsSettings Tls { get; init; } = new();

    /// <summary>From the last sign of life of a silo until it knows that it was declared dead, if it runs and reaches the membership list: the probes that it missed, the time to the next read, and a second to stop.</summary>
    internal TimeSpan DeathNoticeTime => (ProbeTimeout * NumMissedProbesLimit) + TableRefreshTimeout + TimeSpan.FromSeconds(1);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SiloPort == GatewayPort)
            yield return new ValidationResult($"must differ from SiloPort ({SiloPort})", [nameof(GatewayPort)]);
        if (PrimarySiloPort is not null && Provider != ClusterProvider.Localhost)
            yield return new ValidationResult("is for Provider = Localhost only; remove it", [nameof(PrimarySiloPort)]);
    }
}
