namespace InferMesh.Strategies.Routing;

/// <summary>Why a target may not be picked for a request; <see cref="None"/> means that it may.</summary>
public enum FilterReason : byte
{
    /// <summary>The target is eligible.</summary>
    None = 0,

    /// <summary>The node is registered but has not reported yet.</summary>
    NodeJoining,

    /// <summary>The node has been silent for longer than its suspect limit: used only when no ready node may serve the request at all.</summary>
    NodeSuspect,

    /// <summary>The node has been silent for longer than its offline limit.</summary>
    NodeOffline,

    /// <summary>An operator cordoned the node.</summary>
    NodeCordoned,

    /// <summary>The node is draining: running work may finish, no new work starts.</summary>
    NodeDraining,

    /// <summary>The runtime answered its last probe with an error, or not at all.</summary>
    RuntimeUnhealthy,

    /// <summary>The caller excluded the node (a failed attempt, for example).</summary>
    ExcludedByRequest,

    /// <summary>The caller asked for another zone, cell or label.</summary>
    RequestFilter,

    /// <summary>A placement policy keeps the model away from this node.</summary>
    PlacementPolicy,

    /// <summary>The queue is at the limit that admission sets.</summary>
    QueueFull,

    /// <summary>The KV cache is fuller than admission allows, or the queue of a target whose batch its KV cache limits is at the limit.</summary>
    KvCacheFull,

    /// <summary>The node is in quarantine because of a fault.</summary>
    NodeQuarantined,

    /// <summary>The node is back from quarantine on trial and has a request of this router already.</summary>
    NodeProbing,

    /// <summary>An operator works on the node.</summary>
    NodeMaintenance,

    /// <summary>The work of the caller's tenant may not run here, such as outside the regions that its data may not leave.</summary>
    TenantPlacement,
}
