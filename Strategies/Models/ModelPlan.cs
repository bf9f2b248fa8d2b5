namespace InferMesh.Strategies.Models;

/// <summary>Why a node takes no replica of a model. The later one is the closer one: a node is counted under the last that stopped one of its runtimes.</summary>
public enum PlacementReason : byte
{
    /// <summary>Not one of the nodes that the model is pinned to.</summary>
    NotPinned = 0,

    /// <summary>Lacks a label.</summary>
    Labels,

    /// <summary>Silent, or kept free by an operator.</summary>
    NotReady,

    /// <summary>No agent may change a runtime there.</summary>
    NotControlled,

    /// <summary>Its runtimes are of other kinds.</summary>
    RuntimeKind,

    /// <summary>Its runtime has no way to load a model.</summary>
    CannotLoad,

    /// <summary>Its runtime does not answer.</summary>
    RuntimeDown,

    /// <summary>Its failure domain has a replica already.</summary>
    Spread,

    /// <summary>Every runtime that would do has the model, or is getting rid of it.</summary>
    Occupied,

    /// <summary>It has no slice of the MIG profile.</summary>
    MigProfile,

    /// <summary>Nobody knows how much memory its GPUs have free.</summary>
    MemoryUnknown,

    /// <summary>Its GPUs have not enough memory free.</summary>
    Memory,

    /// <summary>Loading failed there lately.</summary>
    Failing,
}

/// <summary>One thing to do.</summary>
/// <param name="Node">Node.</param>
/// <param name="Endpoint">Runtime, by its base URL.</param>
/// <param name="Operation">What to do.</param>
/// <param name="Model">Model that it is about.</param>
/// <param name="Adapter">Adapter; "" when the operation is about the model.</param>
/// <param name="Source">Where the runtime finds it; "" where it knows.</param>
public readonly record struct PlannedAction(string Node, string Endpoint, ModelOperation Operation, string Model, string Adapter, string Source);

/// <summary>What the plan makes of one model.</summary>
/// <param name="Name">Model.</param>
/// <param name="Desired">Replicas that should be there.</param>
/// <param name="Ready">Replicas that are loaded, allowed and kept.</param>
/// <param name="Coming">Replicas that are being loaded, or will be by this plan.</param>
/// <param name="Unplaced">Replicas for which there is no place.</param>
/// <param name="Reasons">Why nodes took none of those, with the number of nodes; empty when every replica has a place.</param>
public sealed record ModelOutcome(string Name, int Desired, int Ready, int Coming, int Unplaced, IReadOnlyDictionary<PlacementReason, int> Reasons);

/// <summary>What to do for all models.</summary>
/// <param name="Actions">By node, runtime and model.</param>
/// <param name="Models">By name.</param>
public sealed record ModelPlan(IReadOnlyList<PlannedAction> Actions, IReadOnlyList<ModelOutcome> Models);
