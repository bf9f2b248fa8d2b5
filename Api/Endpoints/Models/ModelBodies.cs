using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Models;

namespace InferMesh.Api.Endpoints.Models;

/// <summary>A model that the mesh keeps loaded: what it is, how often, and where it may be.</summary>
internal sealed record ModelBody
{
    private static readonly ModelSpec Defaults = new();

    /// <summary>Revision; absent takes any. A runtime that does not tell its revision is taken to have the right one.</summary>
    public string? Revision { get; init; }

    /// <summary>Quantisation, such as awq; for readers.</summary>
    public string? Quantization { get; init; }

    /// <summary>Memory of the weights of one replica, bytes. Default 0: no memory is kept for it.</summary>
    public long? VramBytes { get; init; }

    /// <summary>Share of each GPU's memory that must be free beside the weights when they are loaded, 0 to 0.9. Default 0.1.</summary>
    public double? KvHeadroom { get; init; }

    /// <summary>GPUs over which a replica's weights are spread evenly, 1 to 64. Default 1.</summary>
    public int? GpusPerReplica { get; init; }

    /// <summary>Artefact reference that is given to the runtime; absent where it knows by the name.</summary>
    public string? Source { get; init; }

    /// <summary>Kinds of runtime that may serve it; absent allows all that can load models.</summary>
    public IReadOnlyList<string?>? Runtimes { get; init; }

    /// <summary>Replicas, 0 to 4096; with autoscale where it begins. Default 1.</summary>
    public int? Replicas { get; init; }

    /// <summary>Nodes that it is pinned to; absent allows all.</summary>
    public IReadOnlyList<string?>? Nodes { get; init; }

    /// <summary>Labels that a node must carry.</summary>
    public IReadOnlyDictionary<string, string?>? Labels { get; init; }

    /// <summary>What its replicas must not share: none, node (default), failure_domain or zone.</summary>
    public ModelAntiAffinity? AntiAffinity { get; init; }

    /// <summary>MIG profile of the slices that it runs on, such as 3g.40gb; absent runs on whole GPUs.</summary>
    public string? MigProfile { get; init; }

    /// <summary>LoRA adapters that every replica should have: name to source, at most 64.</summary>
    public IReadOnlyDictionary<string, string?>? Adapters { get; init; }

    /// <summary>Lets load decide the number of replicas.</summary>
    public ModelAutoscaleBody? Autoscale { get; init; }

    /// <summary>The content for the grain, which checks it as a whole; here is checked only what its types cannot carry.</summary>
    public ModelSpec Read(BodyReader reader) => new()
    {
        Revision = Revision ?? "",
        Quantization = Quantization ?? "",
        VramBytes = VramBytes ?? 0,
        KvHeadroom = KvHeadroom ?? Defaults.KvHeadroom,
        GpusPerReplica = GpusPerReplica ?? 1,
        Source = Source ?? "",
        Runtimes = reader.List("runtimes", Runtimes),
        Replicas = Replicas ?? 1,
        Nodes = reader.List("nodes", Nodes),
        Labels = reader.Map("labels", Labels),
        AntiAffinity = AntiAffinity ?? Defaults.AntiAffinity,
        MigProfile = MigProfile ?? "",
        Adapters = reader.Map("adapters", Adapters),
        Autoscale = Autoscale?.Read(reader),
    };
}

/// <summary>Lets load decide the number of replicas.</summary>
internal sealed record ModelAutoscaleBody
{
    /// <summary>Least, 0 to 4096. Default 1.</summary>
    public int? MinReplicas { get; init; }

    /// <summary>Most, from the least to 4096. Required.</summary>
    public int? MaxReplicas { get; init; }

    /// <summary>Requests in and before the batch over its places, above 0 to 1. Default 0.7.</summary>
    public double? TargetLoad { get; init; }

    /// <summary>Time to first token that 95 of 100 requests should meet, milliseconds, 1 to 600000.</summary>
    public double? TtftSloMs { get; init; }

    public ModelAutoscale Read(BodyReader reader)
    {
        if (MaxReplicas is null) reader.Refuse("autoscale.maxReplicas", "is required.");
        return new(MinReplicas ?? 1, MaxReplicas ?? 1, TargetLoad ?? 0.7, TtftSloMs);
    }
}
