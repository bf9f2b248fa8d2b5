namespace InferMesh.ServiceDefaults.Hosting;

/// <summary>What a process of the mesh says by its exit code.</summary>
public static class ExitCodes
{
    /// <summary>It ran and was stopped.</summary>
    public const int Stopped = 0;

    /// <summary>It could not start, or failed while it ran: a port is taken, a store does not answer.</summary>
    public const int Failed = 1;

    /// <summary>Its configuration is wrong; starting it again without a change is useless.</summary>
    public const int BadConfiguration = 2;
}
