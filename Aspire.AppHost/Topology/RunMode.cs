namespace InferMesh.AppHost.Topology;

/// <summary>Who runs the processes: Aspire's orchestrator or the supervisor of this project.</summary>
internal enum RunMode
{
    /// <summary>Aspire where this build contains it, else local.</summary>
    Auto,

    /// <summary>Aspire only; rejected by a build without it.</summary>
    Aspire,

    /// <summary>The local supervisor, also where Aspire is built in.</summary>
    Local,
}
