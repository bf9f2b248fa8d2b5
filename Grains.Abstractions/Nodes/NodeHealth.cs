namespace InferMesh.Grains.Abstractions.Nodes;

/// <summary>State of a node in the health machine.</summary>
[GenerateSerializer, Alias("infermesh.NodeHealth")]
public enum NodeHealth : byte
{
    /// <summary>Registered, no telemetry yet.</summary>
    Joining = 0,

    /// <summary>Reporting.</summary>
    Ready,

    /// <summary>Silent for longer than the suspect limit.</summary>
    Suspect,

    /// <summary>Silent for longer than the offline limit.</summary>
    Offline,

    /// <summary>Kept out of rotation by an operator.</summary>
    Cordoned,

    /// <summary>Finishing its work; takes no new work.</summary>
    Draining,

    /// <summary>Kept out of rotation because of a fault, or by an operator who suspects one.</summary>
    Quarantined,

    /// <summary>Back from quarantine on trial: gets one request at a time from each router.</summary>
    Probing,

    /// <summary>Worked on by an operator: takes no new work, and its silence is no news.</summary>
    Maintenance,
}
