using InferMesh.Adapters.Runtimes;

namespace InferMesh.Adapters.Probing;

/// <summary>One runtime of a node: how it is read, and what its operator says about it.</summary>
public sealed record RuntimeTarget
{
    /// <summary>Reads it. A probe keeps windows from read to read, so it belongs to this target alone.</summary>
    public required IRuntimeProbe Probe { get; init; }

    /// <summary>Kind of runtime, for example <c>vllm</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Base URL that routers send requests to; it may differ from where the probe reads.</summary>
    public required string Endpoint { get; init; }

    /// <summary>GPU type that it runs on, for example <c>H100-80G</c>; "" when unknown.</summary>
    public string Gpu { get; init; } = "";

    /// <summary>Price of its GPUs in US dollars per hour; null when unknown.</summary>
    public double? PricePerHour { get; init; }

    /// <summary>What it can do at best.</summary>
    public RuntimeCapacity Capacity { get; init; } = RuntimeCapacity.Unknown;

    /// <summary>Time from read to read. Default 1 s; above zero.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>When a read counts as failed. Default 2.5 s, a little more than the probes' own limit, whose message is more exact.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2.5);
}
