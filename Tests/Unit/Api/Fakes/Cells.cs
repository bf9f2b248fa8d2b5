using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>Snapshots with one target per node.</summary>
internal static class Cells
{
    public static CellSnapshot Of(string cell, params NodeRegistration[] nodes) => Of(cell, "org/llama", nodes);

    public static CellSnapshot Of(string cell, string model, params NodeRegistration[] nodes)
    {
        T[] Each<T>(T value) => [.. Enumerable.Repeat(value, nodes.Length)];
        return new()
        {
            CellId = cell,
            Incarnation = 7,
            Version = 3,
            Nodes = new()
            {
                Registration = nodes,
                Health = Each(NodeHealth.Ready),
                SampledAtTicks = Each(0L),
                Gpus = Each(new GpuTotals(8, "H100", 80, 40, double.NaN, null, 700)),
                RttMs = Each(double.NaN),
                Version = Each(1L),
            },
            Targets = new()
            {
                Node = [.. Enumerable.Range(0, nodes.Length)],
                Model = Each(model),
                Revision = Each(""),
                Runtime = Each("vllm"),
                Endpoint = [.. nodes.Select(n => $"http://{n.NodeId}:8000")],
                Gpu = Each("H100-80G"),
                Healthy = Each(true),
                Loaded = Each(true),
                Running = Each(4.0),
                Waiting = Each(2.0),
                KvCacheUsage = Each(double.NaN),
                MaxConcurrency = Each(8.0),
                PrefillTokensPerSecond = Each(1000.0),
                DecodeTokensPerSecond = Each(double.PositiveInfinity),
                MinSecondsPerToken = Each(double.NaN),
                ColdStartSeconds = Each(0.0),
                PricePerHour = Each(double.NaN),
                GenerationTokensPerSecond = Each(double.NaN),
                TtftP95Seconds = Each(double.NaN),
            },
        };
    }

    public static NodeRegistration Node(string id, string cell, string zone = "z1") =>
        new() { NodeId = id, CellId = cell, Zone = zone, Synthetic = true, Labels = new Dictionary<string, string> { ["pool"] = zone } };
}
