using System.ComponentModel.DataAnnotations;

namespace InferMesh.Api.Options;

/// <summary>Section <c>InferMesh:RateLimits</c>: what one caller may ask of the control plane of this API. Requests of the data plane have the limits of their tenants; reports of nodes have none.</summary>
internal sealed class RateLimitSettings
{
    public const string Section = "InferMesh:RateLimits";

    /// <summary>Calls that change the mesh, per caller and second in the long run, 1 to 1000000. Default 200.</summary>
    [Range(1, 1_000_000)]
    public int ChangesPerSecond { get; set; } = 200;

    /// <summary>Such calls at once after a pause, 1 to 1000000. Default 1000.</summary>
    [Range(1, 1_000_000)]
    public int ChangesBurst { get; set; } = 1_000;

    /// <summary>Failed attempts to sign in, per address (of IPv6: per /64 network) and second in the long run, 1 to 1000000; beyond that they get 429. Default 10.</summary>
    [Range(1, 1_000_000)]
    public int FailedSignInsPerSecond { get; set; } = 10;

    /// <summary>Such attempts at once after a pause, 1 to 1000000. Default 200.</summary>
    [Range(1, 1_000_000)]
    public int FailedSignInsBurst { get; set; } = 200;
}
