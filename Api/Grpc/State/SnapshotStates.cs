using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.State.V1;

namespace InferMesh.Api.Grpc.State;

/// <summary>Model states from a snapshot, which holds what routing needs and no more.</summary>
internal static class SnapshotStates
{
    public static IEnumerable<ModelState> Of(CellSnapshot snapshot, string model)
    {
        var (targets, nodes) = (snapshot.Targets, snapshot.Nodes);
        return Enumerable.Range(0, targets.Node.Length)
            .Where(i => model.Length == 0 || targets.Model[i] == model)
            .Select(i => SampleMapper.ToProto(Sample(targets, i), Runtime(targets, i), nodes.Registration[targets.Node[i]].NodeId));
    }

    private static RuntimeSample Runtime(TargetColumns targets, int i) => new() { Runtime = targets.Runtime[i], Endpoint = targets.Endpoint[i] };

    private static ModelSample Sample(TargetColumns targets, int i) => new()
    {
        Model = targets.Model[i],
        Revision = targets.Revision[i],
        Loaded = targets.Loaded[i],
        Running = Known(targets.Running[i]),
        Waiting = Known(targets.Waiting[i]),
        KvCacheUsage = Known(targets.KvCacheUsage[i]),
        MaxConcurrency = Known(targets.MaxConcurrency[i]),
        PrefillCapacityTokensPerSecond = Known(targets.PrefillTokensPerSecond[i]),
        DecodeCapacityTokensPerSecond = Known(targets.DecodeTokensPerSecond[i]),
        MinSecondsPerToken = Known(targets.MinSecondsPerToken[i]),
        ColdStartSeconds = Known(targets.ColdStartSeconds[i]),
        GenerationTokensPerSecond = Known(targets.GenerationTokensPerSecond[i]),
        TtftP95Seconds = Known(targets.TtftP95Seconds[i]),
    };

    // The cold start of what cannot be loaded is infinite, which is no reading either.
    private static double? Known(double value) => double.IsFinite(value) ? value : null;
}
