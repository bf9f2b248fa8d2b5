using System.ComponentModel.DataAnnotations;
using InferMesh.Api.Ingress.Runtimes;

namespace InferMesh.Api.Ingress;

/// <summary>Section <c>InferMesh:Ingress</c>: limits of the data plane.</summary>
internal sealed class IngressSettings : IValidatableObject
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

    /// <summary>How long one try of a routing call may take, 50 ms to 30 s; tries go on for three times as long. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:30")]
    public TimeSpan RouteTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Targets tried per decision, 1 to 16. When all of them fail, one more decision is made without them. Default 3.</summary>
    [Range(1, 16)]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>Further attempts as a share of requests, 0 to 1, beyond a reserve of 100. Default 0.2. Hedges have a budget of their own.</summary>
    [Range(0.0, 1.0)]
    public double RetryBudgetShare { get; set; } = 0.2;

    /// <summary>Failures in a row after which a node is left alone, 1 to 1000; so it is when half of 20 or more answers in 10 s are failures. Default 5.</summary>
    [Range(1, 1000)]
    public int EjectAfterFailures { get; set; } = 5;

    /// <summary>How long a node is left alone the first time, 100 ms to 1 h; each further time doubles it. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan EjectTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest time that a node is left alone, 100 ms to 1 h. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan MaxEjectTime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Wait for a first byte after which the mesh is asked whether the node is still there, 100 ms to 1 h. Default 4 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan WatchAfter { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>How often the places of requests that run for long are renewed, 100 ms to 30 min; a third of the silos' InferMesh:Routing:ReservationLease or less. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:30:00")]
    public TimeSpan RenewPeriod { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a WebSocket or a stream of gRPC may stand still on both sides, 1 s to 1 day. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan StreamIdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Output tokens that are reserved of a tenant's budget for a request that names no maximum, 1 to 1000000; settled with what it did generate. Default 1024.</summary>
    [Range(1, 1_000_000)]
    public int DefaultOutputTokens { get; set; } = 1024;

    /// <summary>
    /// Where runtimes may be: networks (10.1.0.0/16), addresses, hosts (gpu-1.example) and, with a dot before them, all hosts of a domain (.gpus.example). A host that is named may have any
    /// address, another one those of the networks. Default: loopback and private ranges. Link-local, multicast, unspecified and metadata addresses are refused in any case.
    /// </summary>
    public IList<string> AllowedRuntimes { get; set; } = [];

    /// <summary>Ports that runtimes may have: numbers and ranges with commas between them. Default 80, 443 and 1024 to 65535.</summary>
    public string RuntimePorts { get; set; } = "80,443,1024-65535";

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        RuntimePolicy.Parse(this, out var runtimes, out var ports);
        foreach (var entry in runtimes) yield return new($"\"{entry}\" must be a network such as 10.1.0.0/16, an address, a host, or a domain such as .gpus.example", [nameof(AllowedRuntimes)]);
        foreach (var entry in ports) yield return new($"\"{entry}\" must be a port, 1 to 65535, or a range such as 8000-8999", [nameof(RuntimePorts)]);
    }
}
