using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.World;

/// <summary>One kind of target: a GPU type, or a slice of one, with the engine that runs on it.</summary>
/// <param name="Name">GPU type, with the slice behind a slash.</param>
/// <param name="Capability">What a router is told of it.</param>
/// <param name="VramBytes">Device memory.</param>
/// <param name="WeightBytes">Memory that the model takes.</param>
/// <param name="KvBytes">Memory of the whole KV cache.</param>
/// <param name="NewEngine">Makes the engine; only targets that get a request need one. It tells of its prefix blocks when somebody listens.</param>
internal sealed record TargetSpec(string Name, EngineCapability Capability, double VramBytes, double WeightBytes, double KvBytes, Func<IKvEvents?, INodeEngine> NewEngine)
{
    /// <summary>What of a request it does.</summary>
    public WorkPart Part { get; init; }
}

/// <summary>A GPU type of the fleet: whole, and cut into slices.</summary>
/// <param name="Weight">Weight among the types.</param>
/// <param name="Whole">The target that an uncut node is.</param>
/// <param name="Slices">The targets that a cut node has; empty without slices.</param>
/// <param name="PricePerHour">US dollars per hour of one node, cut or not.</param>
/// <param name="Gpus">GPUs of one node.</param>
internal sealed record NodeKind(double Weight, TargetSpec Whole, IReadOnlyList<TargetSpec> Slices, double PricePerHour, int Gpus);
