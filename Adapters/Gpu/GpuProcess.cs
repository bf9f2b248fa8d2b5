namespace InferMesh.Adapters.Gpu;

/// <summary>Which kind of context a process holds on a GPU.</summary>
public enum GpuProcessKind
{
    /// <summary>A compute context, for example CUDA.</summary>
    Compute,

    /// <summary>A graphics context.</summary>
    Graphics,
}

/// <summary>A process that holds a context on a GPU.</summary>
/// <param name="Pid">Process id as the driver sees it; in a container that may be the host's id.</param>
/// <param name="Kind">Kind of context; a process with both kinds appears twice.</param>
/// <param name="VramUsedBytes">Device memory that the process holds, in bytes; null when the driver does not know.</param>
/// <param name="GpuInstanceId">MIG GPU instance that it runs in; null without MIG.</param>
/// <param name="ComputeInstanceId">MIG compute instance that it runs in; null without MIG.</param>
public sealed record GpuProcess(int Pid, GpuProcessKind Kind, long? VramUsedBytes, int? GpuInstanceId = null, int? ComputeInstanceId = null);
