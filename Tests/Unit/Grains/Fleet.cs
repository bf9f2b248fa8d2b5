using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Tests.Unit.Grains;

/// <summary>Summaries and readings for tests.</summary>
internal static class Fleet
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static NodeRegistration Registration(string node, string cell = "c1") => new() { NodeId = node, CellId = cell, Zone = "z1", Region = "r1", Synthetic = true };

    public static NodeSummary Summary(string node, long version = 1, long epoch = 1, long sequence = 1, DateTimeOffset? at = null, double running = 0, string cell = "c1") => new()
    {
        Registration = Registration(node, cell),
        Version = version,
        Epoch = epoch,
        Sequence = sequence,
        SampledAt = at ?? Start,
        Runtimes = [Runtime(node, running)],
        RttMs = 2,
    };

    /// <summary>What a node knows that was activated anew: its registration, no readings.</summary>
    public static NodeSummary Bare(string node, long version = 1, string cell = "c1") => new() { Registration = Registration(node, cell), Version = version, Epoch = -1, Sequence = -1 };

    public static RuntimeSample Runtime(string node, double running = 0, string model = "m", bool healthy = true) => new()
    {
        Runtime = "vllm",
        Endpoint = $"http://{node}",
        Healthy = healthy,
        Gpu = "H100-80G",
        PricePerHour = 2,
        Models = [new() { Model = model, Running = running, Waiting = 1, MaxConcurrency = 64 }],
    };
}
