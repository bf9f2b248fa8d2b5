using System.ComponentModel.DataAnnotations;

namespace InferMesh.Api.Ingress;

/// <summary>Section <c>InferMesh:Ingress</c>: limits of the data plane.</summary>
internal sealed class IngressSettings
{
    public const string Section = "InferMesh:Ingress";

    /// <summary>Largest request body, bytes, 1 KiB to 1 GiB. Default 16 MiB.</summary>
    [Range(1024, 1 << 30)]
    public int MaxBodyBytes { get; set; } = 16 << 20;

    /// <summary>How long connecting to a runtime may take, 50 ms to 1 min. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a request may take in all, the stream of its answer included, 100 ms to 1 day. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long one try of a routing call may take, 50 ms to 30 s; there are up to three tries. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:30")]
    public TimeSpan RouteTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Targets tried per decision, 1 to 16. When all of them fail, one more decision is made without them. Default 3.</summary>
    [Range(1, 16)]
    public int MaxAttempts { get; set; } = 3;
}
